"""The state of the tour: each step's state, the current step, and the panel about one step."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from alc_app.pages.view_models import ConnectionStatus, PeopleQuery, Person
from alc_app.pages.workspace import CrmUnavailable, Workspace

from .evidence import sentence
from .progress import Evidence, Follower
from .source_ranges import SOURCES, excerpt
from .steps import STEPS, TO_DO, Step, UserAction

State = Literal["done", "before", "running", "failed", "open"]
SAMPLE: Final = "Ada Lovelace"
NO_CONNECTION: Final = "Acme Lead Checker is not connected. Connect it first."
CONNECTED_BEFORE: Final = (
    "Acme Lead Checker was connected before you started the tutorial. Disconnect it to see this step happen."
)
SUPERSEDED: Final = "The result arrived before the record became Pending, so one write was enough."
ALL_DONE: Final = "You have seen all 24 steps."
NOTHING_LEFT: Final = "ALC has no webhook of this app left."
SENDING: Final = "The app is sending."
CONNECTED: Final = ("active", "needs_reconnect")
NEEDS_CONNECTION: Final = ("click", "disconnect")


@dataclass(frozen=True)
class StepState:
    """The state of one step, and what was seen of it as a sentence."""

    step: Step
    state: State
    evidence: str

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do for the step."""
        return self.state in ("done", "before")


@dataclass(frozen=True)
class Look:
    """The tour at one moment: the state of every step, in the tutorial's order, and of the connection."""

    states: Sequence[StepState]
    connection: ConnectionStatus
    record: str = ""
    """The id of the record that shows ALC's result."""

    @property
    def current(self) -> StepState:
        """The first step that has not happened, or the last one."""
        return next((one for one in self.states if not one.complete), self.states[-1])

    @property
    def milestone(self) -> str:
        """A sentence about what has been reached, or an empty text."""
        by_id = {one.step.id: one for one in self.states}
        if all(one.complete for one in self.states):
            return f"{ALL_DONE} {NOTHING_LEFT}" if self.connection == "none" else ALL_DONE
        if by_id["Later 11"].complete and not by_id["Removal 3"].complete:
            says = by_id["Later 11"].evidence.partition(", and the ")[2] or "record shows the result."
            return f"The {says} One click, one chat, one result."
        return ""

    @property
    def strip(self) -> dict[str, str]:
        """The strip of other pages: the step, what to do, the user's `action`, and the link to the step."""
        shown = self.current
        number = shown.step.number
        found = {"slug": shown.step.slug, "show": f"Show step {number}", "number": f"Step {number} of {len(STEPS)}"}
        if shown.complete:
            return found | {"number": "Tutorial complete.", "text": "Now see what can go wrong.", "action": "done"}
        action = self.action(shown)
        if shown.state == "running" and action == "click":
            return found | {"text": SENDING, "action": ""}
        return found | {"text": TO_DO[action] if action else "", "action": action}

    def action(self, shown: StepState) -> UserAction | Literal[""]:
        """Return what the user can do to trigger a step now; empty if it has happened."""
        if shown.complete:
            return ""
        is_sent = any(one.step.id == "Usage 8" and one.complete for one in self.states)
        action = "click" if shown.step.action == "wait" and not is_sent else shown.step.action
        return "connect" if action in NEEDS_CONNECTION and self.connection not in CONNECTED else action


class Tour:
    """The tour, computed from the exchange log at each look."""

    def __init__(self, workspace: Workspace) -> None:
        """Read the tour of this workspace."""
        self._workspace = workspace
        self._follower = Follower(workspace.messages_after)

    def begin(self) -> None:
        """Begin the tour again."""
        self._follower.begin(self._workspace.note_user_action)

    def has_seen(self, step_id: str) -> bool:
        """Return whether the log contains evidence of this step."""
        return step_id in self._follower.evidence()

    def look(self) -> Look:
        """Read the log and the connection, once each."""
        evidence, connection = self._follower.evidence(), self._workspace.connection_status()
        states = [self._state(step, evidence, connected=connection in CONNECTED) for step in STEPS]
        return Look(states, connection, _record(evidence.get("Later 11")))

    def as_json(self, look: Look, slug: str = "") -> dict[str, Any]:
        """Return the tour for the page's script and `alc-app tour`, with the panel of a step or of the current one."""
        return {
            "steps": [{"slug": s.step.slug, "id": s.step.id, "state": s.state, "saw": s.evidence} for s in look.states],
            "done": sum(one.complete for one in look.states),
            "total": len(look.states),
            "current": look.current.step.slug,
            "milestone": look.milestone,
            "record": look.record,
            "connection": look.connection,
            "panel": self._panel(look, slug),
            "strip": look.strip,
        }

    def _panel(self, look: Look, slug: str) -> dict[str, Any]:
        """Return everything about one step: the one with this slug, or the current one."""
        states = look.states
        shown = next((one for one in states if one.step.slug == slug), look.current)
        step, number = shown.step, states.index(shown)
        typescript, ours = SOURCES[step.id]
        action = look.action(shown)
        return {
            "slug": step.slug,
            "id": step.id,
            "number": f"Step {step.number} of {len(states)}",
            "who": step.who,
            "text": step.text,
            "what": step.what,
            "safe": step.safe,
            "state": shown.state,
            "saw": shown.evidence,
            "deed": action,
            "first": NO_CONNECTION if action == "connect" != step.action else "",
            "person": self._person(action),
            "previous": states[number - 1].step.slug if number else "",
            "next": states[number + 1].step.slug if number + 1 < len(states) else "",
            "typescript": excerpt(typescript),
            "ours": excerpt(ours),
        }

    def _state(self, step: Step, evidence: Mapping[str, Evidence], *, connected: bool) -> StepState:
        if step.id == "Usage 1":
            return self._manifest(step)
        if found := evidence.get(step.id):
            state: State = "done" if found.done else "running" if found.running else "failed"
            return StepState(step, state, sentence(step.id, found))
        if _is_superseded(step.id, evidence):
            return StepState(step, "before", SUPERSEDED)
        if step.chapter == "Installation" and connected:
            return StepState(step, "before", CONNECTED_BEFORE)
        return StepState(step, "open", "")

    def _person(self, action: str) -> dict[str, str] | None:
        """Choose a person to open and send: with a phone number and without an open lead.

        Return None if there is nobody, or if the user must choose.
        """
        if action not in ("view", "click") or not self._workspace.may_act:
            return None
        for search in (SAMPLE, ""):
            for person in self._people(search):
                if person.phone_numbers and person.alc_status != "Pending":
                    return {"record_id": person.record_id, "name": person.display_name}
        return None

    def _people(self, search: str) -> list[Person]:
        try:
            page = self._workspace.people(PeopleQuery(search=search))
        except CrmUnavailable:
            return []
        return list(page.rows)

    def _manifest(self, step: Step) -> StepState:
        labels = [action.label for action in self._workspace.record_actions("people")]
        if not labels:
            return StepState(step, "open", "")
        return StepState(step, "done", f"The manifest names “{labels[0]}”. It is on every person's page and in Ctrl K.")


def _record(written: Evidence | None) -> str:
    """Return the id of the record that a write names, or an empty text."""
    url = str(written.message["detail"].get("request", {}).get("url", "")) if written else ""
    found = re.fullmatch(r"[0-9a-f-]{36}", url.rpartition("/")[2])
    return found.group() if found else ""


def _is_superseded(step_id: str, evidence: Mapping[str, Evidence]) -> bool:
    """Return whether the other of the two writes to the record made this one unnecessary.

    If the result arrives before the record is Pending, only one of the steps Usage 9 and Later 11 writes.
    """
    pending, verdict = evidence.get("Usage 9"), evidence.get("Later 11")
    if step_id == "Usage 9":
        return bool(verdict and verdict.done)
    if step_id == "Later 11":
        return bool(pending and pending.done and "Pending" not in sentence("Usage 9", pending))
    return False
