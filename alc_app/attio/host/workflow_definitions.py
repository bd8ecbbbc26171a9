"""The definition of a workflow as data: where it starts, its steps, and which outcome leads to which step.

In Attio a user draws this on a canvas; here it is code (`alc_app/blocks/sample_workflows.py`). A text in the
configuration of a step may refer to the data of earlier steps: `{{trigger.record_id}}`, `{{send.lead_id}}`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from alc_app.attio.workflows import StepBlock, TriggerBlock

_VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


class NoSuchValue(Exception):
    """A variable refers to data that the run does not have."""


class Step(BaseModel):
    """One step, or the trigger: a block, its configuration, and the step that follows each outcome.

    An outcome that is not named ends the run; for a trigger, it starts no run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: str
    config: dict[str, Any] = {}
    then: dict[str, str] = {}


class Workflow(BaseModel):
    """A definition. Without a `trigger` a user starts it for a record, at the step `first`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    description: str
    steps: dict[str, Step]
    first: str = ""
    trigger: Step | None = None
    once_per_record: bool = False
    """Whether a record has at most one run of it, ever. This keeps a workflow from starting itself in a loop."""

    @property
    def version_id(self) -> str:
        """Return an id of this definition: a changed definition is another version."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def mistakes(self, blocks: Mapping[str, StepBlock | TriggerBlock]) -> Iterator[str]:
        """Yield what is wrong with the definition, in sentences."""
        starts = self.trigger.then.values() if self.trigger else [self.first]
        yield from (f"It starts at {step!r}, which is not a step." for step in starts if step not in self.steps)
        for name, step in {**self.steps, **({"trigger": self.trigger} if self.trigger else {})}.items():
            block = blocks.get(step.block)
            if block is None or (block.block.type == "trigger") != (name == "trigger"):
                yield f"{name}: there is no block {step.block!r}."
                continue
            for outcome, following in step.then.items():
                if outcome not in block.block.outcomes:
                    yield f"{name}: the block {step.block} has no outcome {outcome!r}."
                if following not in self.steps:
                    yield f"{name}: {outcome} leads to {following!r}, which is not a step."
        yield from self._loops()

    def _loops(self) -> Iterator[str]:
        def reach(name: str, behind: tuple[str, ...]) -> Iterator[str]:
            if name in behind:
                yield f"{name} leads back to itself."
            elif name in self.steps:
                for following in self.steps[name].then.values():
                    yield from reach(following, (*behind, name))

        for name in self.steps:
            yield from reach(name, ())


def resolve(value: Any, found: Mapping[str, Any]) -> Any:
    """Replace the variables in a configuration with their values. Raises: NoSuchValue."""
    if isinstance(value, dict):
        return {key: resolve(item, found) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    if whole := _VARIABLE.fullmatch(value):
        return _look_up(whole[1], found)
    return _VARIABLE.sub(lambda variable: str(_look_up(variable[1], found)), value)


def _look_up(path: str, found: Mapping[str, Any]) -> Any:
    value: Any = found
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise NoSuchValue(f"The run has no value {path}.")
        value = value[part]
    return value
