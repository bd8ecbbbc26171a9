"""A workflow's definition, as data: where it starts, its steps, and which outcome leads to which step.

In Attio a person draws this; here it is written down (`alc_app/blocks/sample_workflows.py`). A text in a step's
configuration may name what an earlier one has found: `{{trigger.record_id}}`, `{{send.lead_id}}`.
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
    """A variable names something that the run has not found."""


class Step(BaseModel):
    """One step, or the trigger: a block, its configuration, and the step that follows each outcome.

    An outcome that is not named ends the run; the trigger then starts none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: str
    config: dict[str, Any] = {}
    then: dict[str, str] = {}


class Workflow(BaseModel):
    """A definition. Without a `trigger` a person starts it for a record, at the step `first`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    description: str
    steps: dict[str, Step]
    first: str = ""
    trigger: Step | None = None
    once_per_record: bool = False
    """Does a record have one run of it in all its life, and no second one? So no loop can send anybody for ever."""

    @property
    def version_id(self) -> str:
        """Names this very definition; another one is another version."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def mistakes(self, blocks: Mapping[str, StepBlock | TriggerBlock]) -> Iterator[str]:
        """What is wrong with it, in sentences."""
        starts = self.trigger.then.values() if self.trigger else [self.first]
        yield from (f"It starts at {step!r}, which is no step." for step in starts if step not in self.steps)
        for name, step in {**self.steps, **({"trigger": self.trigger} if self.trigger else {})}.items():
            block = blocks.get(step.block)
            if block is None or (block.block.type == "trigger") != (name == "trigger"):
                yield f"{name}: there is no such block as {step.block!r} for it."
                continue
            for outcome, following in step.then.items():
                if outcome not in block.block.outcomes:
                    yield f"{name}: the block {step.block} has no outcome {outcome!r}."
                if following not in self.steps:
                    yield f"{name}: {outcome} leads to {following!r}, which is no step."
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
    """A configuration with its variables filled in. Raises: NoSuchValue."""
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
