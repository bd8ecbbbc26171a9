"""What the pages show of workflows: definitions, runs and their steps."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

Switched = Literal["off", "switching", "on"]
SWITCHED: Mapping[Switched, str] = {"off": "Off", "switching": "Switching…", "on": "On"}


@dataclass(frozen=True)
class Branch:
    """An outcome of a block, and the title of what follows it; empty, when the run ends there."""

    outcome: str
    follows: str


@dataclass(frozen=True)
class PlannedStep:
    """A step of a definition, or its trigger."""

    name: str
    title: str
    config: str  # JSON, for people; empty when there is nothing to configure
    branches: Sequence[Branch]


@dataclass(frozen=True)
class WorkflowView:
    """A definition, and how it is started: by a person, or by a trigger that can be switched on."""

    id: str
    title: str
    description: str
    version: str
    trigger: PlannedStep | None
    steps: Sequence[PlannedStep]
    switched: Switched = "off"
    is_wanted: bool = False
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What of it changes, as the page's script reads it."""
        button = "Switch off" if self.is_wanted else "Switch on"
        return {"id": self.id, "is_wanted": self.is_wanted, "why": self.why or "", "button": button} | {
            "switched": self.switched,
            "label": SWITCHED[self.switched],
        }


@dataclass(frozen=True)
class RunStep:
    """A step of a run: what went in, how it stands, what came out."""

    title: str
    state: str  # running, waiting, done or failed
    outcome: str
    given: str  # JSON, for people
    found: str  # JSON, for people; empty while there is none
    why: str | None
    until: datetime | None  # while it waits, or is to be tried again


@dataclass(frozen=True)
class RunView:
    """A run of a workflow."""

    id: str
    workflow_id: str
    title: str
    state: str  # running, waiting, done, failed or dismissed
    record_id: str | None
    person: str
    why: str | None
    started_at: datetime
    steps: Sequence[RunStep]

    def as_json(self) -> dict[str, Any]:
        """Write it as the page's script reads it."""
        steps = [asdict(step) | {"until": step.until.isoformat() if step.until else None} for step in self.steps]
        return asdict(self) | {"started_at": self.started_at.isoformat(), "steps": steps}
