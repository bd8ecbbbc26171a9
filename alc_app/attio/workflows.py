"""Workflow blocks: what an app adds to Attio Workflows (docs.attio.com/sdk/workflow-blocks/overview, `attio` 1.0.4).

A *step* block is executed; it may defer, and is then finished by a callback. A *trigger* block is activated when a
workflow is switched on, starts a run for each callback, and is deactivated. Each of these is a function in a file of
its own name. A configuration is described by a class, where TypeScript builds a `Workflows.ConfigSchema`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from alc_app.attio.connections import WebhookHandler
from alc_app.attio.http import Request


class ConfigSchema(BaseModel):
    """`Workflows.ConfigSchema`: the base of the class that describes a block's configuration."""


Schema = type[ConfigSchema]


@dataclass(frozen=True)
class WorkflowBlock:
    """A block's name, its configuration, and its outcomes: labels by id."""

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
    """Define a block, as `defineWorkflowBlock` does.

    In Attio the block's configurator on the canvas declares the outcomes. There is no canvas here.
    """
    return WorkflowBlock(type, id, title, description, config_schema, outcomes)


@dataclass(frozen=True)
class Outcome:
    """`{type: "outcome", id, data}`: the run goes on at the branch of this outcome."""

    id: str
    data: Mapping[str, Any] | None = None
    unique_key: str = ""
    """Ours, for triggers: identifies the event, so that repeated deliveries start one run. Empty: the delivery does."""


@dataclass(frozen=True)
class Exit:
    """`{type: "exit"}`: the run ends here successfully, without taking a branch."""


@dataclass(frozen=True)
class Error:
    """`{type: "error", errorMessage, retryable}`. Set `retryable` only if repeating the step does no harm."""

    error_message: str
    retryable: bool = False


@dataclass(frozen=True)
class Defer:
    """`{type: "defer"}`: the step waits for its callback.

    Attio documents no maximum wait. Here each step names its own, and the outcome that it has without a callback.
    """

    give_up_after: timedelta
    then: Outcome


@dataclass(frozen=True)
class NoOp:
    """`{type: "no-op"}`: the callback changes nothing; a step keeps waiting, a trigger starts no run."""


@dataclass(frozen=True)
class Complete:
    """`{type: "complete"}`: the trigger is activated or deactivated."""


@dataclass(frozen=True)
class StepMetadata:
    """What a step knows of its run. `unique_execution_id` is the same in every retry: use it as idempotency key."""

    workflow_id: str
    workflow_version_id: str
    workflow_block_id: str
    workflow_run_id: str
    unique_execution_id: str
    workflow_title: str
    workflow_url: str
    run_url: str
    finish_callback_url: str
    """The address of `finish`. The app itself calls it, with `post_callback`; it is not reachable from outside."""
    started_at: datetime
    """Ours: when this execution began; the same in every retry."""


@dataclass(frozen=True)
class TriggerMetadata:
    """What a trigger knows of its activation. `unique_activation_id` is the same in every retry."""

    workflow_id: str
    workflow_version_id: str
    workflow_block_id: str
    unique_activation_id: str
    workflow_title: str
    workflow_url: str
    trigger_callback: WebhookHandler = field(repr=False)
    """Ours: the callback's URL and its signing secret. In Attio the URL itself is the secret."""

    @property
    def trigger_callback_url(self) -> str:
        """Return the URL at which an event starts a run."""
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
    """Called with the request, `config` and `metadata`, perhaps twice. It must not change anything."""
    deactivate: Callable[..., Complete | Error]


def read_config(block: WorkflowBlock, config: Mapping[str, Any]) -> ConfigSchema:
    """Validate a configuration with the block's schema. Raises: pydantic.ValidationError."""
    return block.config_schema.model_validate(config)


def call_finish(block: StepBlock, req: Request, config: ConfigSchema, metadata: StepMetadata) -> Any:
    """Call `finish` and return its result; NoOp if the block has no `finish`."""
    return block.finish(req, config=config, metadata=metadata) if block.finish else NoOp()
