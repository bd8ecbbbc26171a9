"""The state of the tour: each step's state, the current step, and the panel about one step."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from alc_app.pages.view_models import PeopleQuery, Person
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
ALL_DONE: Final = "You have seen all 24 steps. ALC has no webhook of this app left."
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


class Tour:
    """The tour, computed from the exchange log at each call."""

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

    def states(self) -> list[StepState]:
        """Return the state of every step, in the tutorial's order."""
        evidence, connected = self._follower.evidence(), self._connected()
        states = []
        for step in STEPS:
            if step.id == "Usage 1":
                states.append(self._manifest(step))
            elif found := evidence.get(step.id):
                state: State = "done" if found.done else "running" if found.running else "failed"
                states.append(StepState(step, state, sentence(step.id, found)))
            elif _is_superseded(step.id, evidence):
                states.append(StepState(step, "before", SUPERSEDED))
            elif step.chapter == "Installation" and connected:
                states.append(StepState(step, "before", CONNECTED_BEFORE))
            else:
                states.append(StepState(step, "open", ""))
        return states

    def as_json(self, states: list[StepState], slug: str = "") -> dict[str, Any]:
        """Return the tour for the page's script and `alc-app tour`, with the panel of a step or of the current one."""
        current = current_of(states)
        shown = next((one for one in states if one.step.slug == slug), current)
        return {
            "steps": [{"slug": s.step.slug, "id": s.step.id, "state": s.state, "saw": s.evidence} for s in states],
            "done": sum(one.complete for one in states),
            "total": len(states),
            "current": current.step.slug,
            "milestone": milestone(states),
            "record": self._record(),
            "connection": self._workspace.connection_status(),
            "panel": self.panel(shown, states),
            "strip": self.strip(states),
        }

    def panel(self, shown: StepState, states: list[StepState]) -> dict[str, Any]:
        """Return everything about one step."""
        step, number = shown.step, states.index(shown)
        typescript, ours = SOURCES[step.id]
        action = self._action(shown, _is_sent(states))
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

    def strip(self, states: list[StepState]) -> dict[str, str]:
        """Return the strip of other pages: the step, what to do, the user's `action`, and the link to the step."""
        shown = current_of(states)
        number = shown.step.number
        found = {"slug": shown.step.slug, "show": f"Show step {number}", "number": f"Step {number} of {len(states)}"}
        if shown.complete:
            return found | {"number": "Tutorial complete.", "text": "Now break it.", "action": "done"}
        action = self._action(shown, _is_sent(states))
        if shown.state == "running" and action == "click":
            return found | {"text": SENDING, "action": ""}
        return found | {"text": TO_DO[action] if action else "", "action": action}

    def _action(self, shown: StepState, sent: bool) -> UserAction | Literal[""]:
        """Return what the user can do to trigger a step now; empty if it has happened."""
        if shown.complete:
            return ""
        action = "click" if shown.step.action == "wait" and not sent else shown.step.action
        return "connect" if action in NEEDS_CONNECTION and not self._connected() else action

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

    def _record(self) -> str:
        """Return the id of the record that shows ALC's result, or an empty text."""
        written = self._follower.evidence().get("Later 11")
        url = str(written.message["detail"].get("request", {}).get("url", "")) if written else ""
        found = re.fullmatch(r"[0-9a-f-]{36}", url.rpartition("/")[2])
        return found.group() if found else ""

    def _connected(self) -> bool:
        return self._workspace.connection_status() in CONNECTED


def _is_superseded(step_id: str, evidence: dict[str, Evidence]) -> bool:
    """Return whether the other of the two writes to the record made this one unnecessary.

    If the result arrives before the record is Pending, only one of the steps Usage 9 and Later 11 writes.
    """
    pending, verdict = evidence.get("Usage 9"), evidence.get("Later 11")
    if step_id == "Usage 9":
        return bool(verdict and verdict.done)
    if step_id == "Later 11":
        return bool(pending and pending.done and "Pending" not in sentence("Usage 9", pending))
    return False


def _is_sent(states: list[StepState]) -> bool:
    return any(one.step.id == "Usage 8" and one.complete for one in states)


def current_of(states: list[StepState]) -> StepState:
    """Return the first step that has not happened, or the last one."""
    return next((one for one in states if not one.complete), states[-1])


def milestone(states: list[StepState]) -> str:
    """Return a sentence about what has been reached, or an empty text."""
    by_id = {one.step.id: one for one in states}
    if all(one.complete for one in states):
        return ALL_DONE
    if by_id["Later 11"].complete and not by_id["Removal 3"].complete:
        says = by_id["Later 11"].evidence.partition(", and the ")[2] or "record shows the result."
        return f"The {says} One click, one chat, one result."
    return ""
