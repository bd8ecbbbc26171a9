"""Workflow blocks: what an app adds to Attio Workflows (docs.attio.com/sdk/workflow-blocks/overview, `attio` 1.0.4).

A *step* block is executed; it may defer, and is then finished by a callback. A *trigger* block is activated when a
workflow is switched on, starts a run for each callback, and is deactivated. Each of these is a function in a file of
its own name. A configuration is described by a class, where TypeScript builds a `Workflows.ConfigSchema`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel

from alc_app.attio.connections import WebhookHandler
from alc_app.attio.http import Request


class ConfigSchema(BaseModel):
    """`Workflows.ConfigSchema`: the base of the class that describes a block's configuration."""


Schema = type[ConfigSchema]


@dataclass(frozen=True)
class WorkflowBlock:
    """What a block is called, how it is configured, and how it may end: the ids of its outcomes with their labels."""

    type: Literal["step", "trigger"]
    id: str
    title: str
    description: str
    config_schema: Schema
    outcomes: Mapping[str, str]


def define_workflow_block(
    *,
    type: Literal["step", "trigger"],
    id: str,
    title: str,
    description: str,
    config_schema: Schema,
    outcomes: Mapping[str, str],
) -> WorkflowBlock:
    """`defineWorkflowBlock`. The outcomes are here, because no canvas has a configurator that would declare them."""
    return WorkflowBlock(type, id, title, description, config_schema, outcomes)


@dataclass(frozen=True)
class Outcome:
    """`{type: "outcome", id, data}`: the run goes on at the branch of this outcome."""

    id: str
    data: Mapping[str, Any] | None = None
    unique_key: str = ""
    """Ours, for triggers: what names the event, however often and by whichever version of the workflow it is told."""


@dataclass(frozen=True)
class Exit:
    """`{type: "exit"}`: the run ends here, well, without taking a branch."""


@dataclass(frozen=True)
class Error:
    """`{type: "error", errorMessage, retryable}`; retryable only, when doing it again does no harm."""

    error_message: str
    retryable: bool = False


@dataclass(frozen=True)
class Defer:
    """`{type: "defer"}`: the step waits for its callback. Attio documents no longest wait, so here each one names its
    own, and what the step ends with when nobody has called by then."""

    give_up_after: timedelta
    then: Outcome


@dataclass(frozen=True)
class NoOp:
    """`{type: "no-op"}`: this callback changes nothing; a step goes on waiting, a trigger starts nothing."""


@dataclass(frozen=True)
class Complete:
    """`{type: "complete"}`: the trigger is activated, or deactivated."""


@dataclass(frozen=True)
class StepMetadata:
    """What a step is told of itself. `unique_execution_id` stays the same over retries: a key for idempotency."""

    workflow_id: str
    workflow_version_id: str
    workflow_block_id: str
    workflow_run_id: str
    unique_execution_id: str
    workflow_title: str
    workflow_url: str
    run_url: str
    finish_callback_url: str
    """Where `finish` is called: by the app itself, with `post_callback`; it is not open to the outside."""


@dataclass(frozen=True)
class TriggerMetadata:
    """What a trigger is told of itself. `unique_activation_id` stays the same over retries."""

    workflow_id: str
    workflow_version_id: str
    workflow_block_id: str
    unique_activation_id: str
    workflow_title: str
    workflow_url: str
    trigger_callback: WebhookHandler = field(repr=False)
    """Ours: the address with the secret that calls to it are signed with. In Attio the address itself is the secret."""

    @property
    def trigger_callback_url(self) -> str:
        """Where an event starts a run."""
        return self.trigger_callback.url


Execute = Callable[..., Outcome | Exit | Error | Defer]
Finish = Callable[..., Outcome | Exit | Error | NoOp]


@dataclass(frozen=True)
class StepBlock:
    """A step of the manifest: `block.py`, `execute.py` and, when it defers, `finish.py`."""

    block: WorkflowBlock
    execute: Execute
    """Called with `config` and `metadata`."""
    finish: Finish | None = None
    """Called with the request, `config` and `metadata`."""


@dataclass(frozen=True)
class TriggerBlock:
    """A trigger of the manifest: `block.py`, `activate.py`, `trigger.py` and `deactivate.py`."""

    block: WorkflowBlock
    activate: Callable[..., Complete | Error]
    trigger: Callable[..., Outcome | NoOp]
    """Called with the request, `config` and `metadata`, perhaps twice; it only looks."""
    deactivate: Callable[..., Complete | Error]


def read_config(block: WorkflowBlock, config: Mapping[str, Any]) -> ConfigSchema:
    """A block's configuration as its class. Raises: pydantic's ValidationError."""
    return block.config_schema.model_validate(config)


def call_finish(block: StepBlock, req: Request, config: ConfigSchema, metadata: StepMetadata) -> Any:
    """The result of `finish`; a callback to a step that has none changes nothing."""
    return block.finish(req, config=config, metadata=metadata) if block.finish else NoOp()
