"""The tour as it stands: each step's state, which one is next, and what the panel shows of one."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from alc_app.pages.view_models import Person
from alc_app.pages.workspace import CrmUnavailable, Workspace

from .evidence import sentence
from .progress import Follower, Seen
from .source_ranges import PLACES, excerpt
from .steps import STEPS, Deed, Step

State = Literal["done", "before", "running", "failed", "open"]
SAMPLE: Final = "Ada Lovelace"
NO_CONNECTION: Final = "Acme Lead Checker is not connected at the moment, so connect it first."
BEFORE: Final = "Acme Lead Checker was connected before this tour began. Disconnect it to see this step happen."
OUTRUN: Final = "The verdict was there before the record had become Pending, so one write to it was enough."
CONNECTED: Final = ("active", "needs_reconnect")
NEEDS_CONNECTION: Final = ("click", "disconnect")


@dataclass(frozen=True)
class Standing:
    """How one step stands, and what was seen of it."""

    step: Step
    state: State
    saw: str

    @property
    def complete(self) -> bool:
        """Is there nothing left to do for it?"""
        return self.state in ("done", "before")


class Tour:
    """Reads the tour from what has been seen; keeps nothing."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._follower = Follower(workspace.messages_after)

    def begin(self) -> None:
        """Begin anew: what has been seen until now does not count."""
        self._follower.begin(self._workspace.note_user_action)

    def has_seen(self, step_id: str) -> bool:
        """Is there anything of this step in the log?"""
        return step_id in self._follower.seen()

    def standings(self) -> list[Standing]:
        """How every step stands, in the tutorial's order."""
        seen, connected = self._follower.seen(), self._connected()
        found = []
        for step in STEPS:
            if step.id == "Usage 1":
                found.append(self._manifest(step))
            elif step.id in seen:
                one = seen[step.id]
                state: State = "done" if one.done else "running" if one.running else "failed"
                found.append(Standing(step, state, sentence(step.id, one)))
            elif _outrun(step.id, seen):
                found.append(Standing(step, "before", OUTRUN))
            elif step.chapter == "Installation" and connected:
                found.append(Standing(step, "before", BEFORE))
            else:
                found.append(Standing(step, "open", ""))
        return found

    def as_json(self, standings: list[Standing], slug: str = "") -> dict[str, Any]:
        """The tour for the page's script and for `alc-app tour`; with the panel of a step, or of the current one."""
        current = current_of(standings)
        shown = next((one for one in standings if one.step.slug == slug), current)
        return {
            "steps": [{"slug": s.step.slug, "id": s.step.id, "state": s.state, "saw": s.saw} for s in standings],
            "done": sum(one.complete for one in standings),
            "total": len(standings),
            "current": current.step.slug,
            "milestone": milestone(standings),
            "record": self._record(),
            "connection": self._workspace.connection_status(),
            "panel": self.panel(shown, standings),
            "strip": strip(standings),
        }

    def panel(self, shown: Standing, standings: list[Standing]) -> dict[str, Any]:
        """Everything about one step."""
        step, number = shown.step, standings.index(shown)
        typescript, ours = PLACES[step.id]
        sent = any(one.step.id == "Usage 8" and one.complete for one in standings)
        deed = self._deed(shown, sent)
        return {
            "slug": step.slug,
            "id": step.id,
            "who": step.who,
            "text": step.text,
            "what": step.what,
            "safe": step.safe,
            "state": shown.state,
            "saw": shown.saw,
            "deed": deed,
            "first": NO_CONNECTION if deed == "connect" != step.deed else "",
            "person": self._person(deed),
            "previous": standings[number - 1].step.slug if number else "",
            "next": standings[number + 1].step.slug if number + 1 < len(standings) else "",
            "typescript": excerpt(typescript),
            "ours": excerpt(ours),
        }

    def _deed(self, shown: Standing, sent: bool) -> Deed | Literal[""]:
        """What a person can do about a step now; nothing when it has happened."""
        if shown.complete:
            return ""
        deed = "click" if shown.step.deed == "wait" and not sent else shown.step.deed
        return "connect" if deed in NEEDS_CONNECTION and not self._connected() else deed

    def _person(self, deed: str) -> dict[str, str] | None:
        """Whom to open and send: somebody with a phone number, whose lead is not open. None, where that is for the
        person to choose."""
        if deed not in ("view", "click") or not self._workspace.may_act:
            return None
        for search in (SAMPLE, ""):
            for person in self._people(search):
                if person.phone_numbers and person.alc_status != "Pending":
                    return {"record_id": person.record_id, "name": person.display_name}
        return None

    def _people(self, search: str) -> list[Person]:
        try:
            page = self._workspace.people(search=search, sort="name", descending=False, page=1, page_size=50)
        except CrmUnavailable:
            return []
        return list(page.rows)

    def _manifest(self, step: Step) -> Standing:
        labels = [action.label for action in self._workspace.record_actions("people")]
        if not labels:
            return Standing(step, "open", "")
        return Standing(step, "done", f"The manifest names “{labels[0]}”: it is on every person's page and in Ctrl K.")

    def _record(self) -> str:
        """The record that ALC's verdict was written to."""
        written = self._follower.seen().get("Later 11")
        url = str(written.message["detail"].get("request", {}).get("url", "")) if written else ""
        found = re.fullmatch(r"[0-9a-f-]{36}", url.rpartition("/")[2])
        return found.group() if found else ""

    def _connected(self) -> bool:
        return self._workspace.connection_status() in CONNECTED


def _outrun(step_id: str, seen: dict[str, Seen]) -> bool:
    """The record is told how things stand, once: of a verdict that is quick, by either of two steps."""
    pending, verdict = seen.get("Usage 9"), seen.get("Later 11")
    if step_id == "Usage 9":
        return bool(verdict and verdict.done)
    if step_id == "Later 11":
        return bool(pending and pending.done and "Pending" not in sentence("Usage 9", pending))
    return False


def current_of(standings: list[Standing]) -> Standing:
    """The first step that has not happened, or the last one."""
    return next((one for one in standings if not one.complete), standings[-1])


def strip(standings: list[Standing]) -> dict[str, str]:
    """What the strip on other pages says: what comes next, or that it is over."""
    done = sum(one.complete for one in standings)
    if done == len(standings):
        return {"id": "All done", "text": "Every step of the tutorial has happened.", "done": str(done)}
    step = current_of(standings).step
    return {"id": step.id, "text": step.text, "done": str(done)}


def milestone(standings: list[Standing]) -> str:
    """What there is to be glad of, when there is."""
    standing = {one.step.id: one for one in standings}
    if all(one.complete for one in standings):
        return "Every step of the tutorial has happened, and nothing is left behind at ALC."
    if standing["Later 11"].complete and not standing["Removal 3"].complete:
        says = standing["Later 11"].saw.partition(", and the ")[2] or "verdict is on the record."
        return f"The {says} One click, one chat, one verdict: nothing was sent twice, and nothing got lost."
    return ""
