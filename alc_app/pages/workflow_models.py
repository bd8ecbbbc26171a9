"""What the pages show of workflows: definitions, runs and their steps."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

SwitchState = Literal["off", "switching", "on"]
SWITCH_LABELS: Mapping[SwitchState, str] = {"off": "Off", "switching": "Switching…", "on": "On"}


@dataclass(frozen=True)
class Branch:
    """An outcome of a block, and the title of the step that follows; empty if the run ends there."""

    outcome: str
    follows: str


@dataclass(frozen=True)
class PlannedStep:
    """A step of a definition, or its trigger."""

    name: str
    title: str
    config: str  # JSON for people; empty if there is nothing to configure
    branches: Sequence[Branch]


@dataclass(frozen=True)
class WorkflowView:
    """A workflow definition. Without a trigger it is started by a person."""

    id: str
    title: str
    description: str
    version: str
    trigger: PlannedStep | None
    steps: Sequence[PlannedStep]
    switched: SwitchState = "off"
    is_wanted: bool = False
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what can change, as JSON for the page's script."""
        button = "Turn off" if self.is_wanted else "Turn on"
        return {"id": self.id, "is_wanted": self.is_wanted, "why": self.why or "", "button": button} | {
            "switched": self.switched,
            "label": SWITCH_LABELS[self.switched],
        }


@dataclass(frozen=True)
class RunStep:
    """A step of a run with its input, state and result."""

    title: str
    state: str  # running, waiting, done or failed
    outcome: str
    given: str  # the input, JSON for people
    found: str  # the result, JSON for people; empty while there is none
    why: str | None
    until: datetime | None  # while it waits or until it is retried


@dataclass(frozen=True)
class RunView:
    """A run of a workflow."""

    id: str
    title: str
    state: str  # running, waiting, done, failed or dismissed
    record_id: str | None
    person: str
    started_at: datetime
    steps: Sequence[RunStep]

    def as_json(self) -> dict[str, Any]:
        """Return the run as JSON for the page's script."""
        steps = [asdict(step) | {"until": step.until.isoformat() if step.until else None} for step in self.steps]
        return asdict(self) | {"started_at": self.started_at.isoformat(), "steps": steps}
