"""What if an arrow of the live sequence had gone wrong: its run as a story, with one thing that ALC or the CRM can do.

What can go wrong is the mocks' own list (`GET /_mock/operations`). A page's address names a story by its happenings,
such as `answer.1.503,click.1`: what happens, to which person, and how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from alc_app.labs.clients import Json
from alc_app.labs.stories import FORM, can_play
from alc_app.pages import StoryUnreadable, WhatIf

SEND, VERDICT = "POST /api/v1/leads", "lead.processed"
DELIVERY = "Calls the app's webhook"
STARTS = {"Clicks button": "click", "Fires connection_added": "connect", "Fires connection_removed": "disconnect"}
"""Messages that begin something, and what that is called in a story."""
INTERESTS = {"Complete": "interested", "Failed": "no_answer"}
"""How ALC decides, by the status that its delivery tells."""
EVERY_PROMISE = "Every promise that this page can judge."
MOST_PEOPLE = 9
_REFERENCE = re.compile(r"([a-z_]+)\.([1-9])(?:\.(\w{1,40}))?")


class Step(NamedTuple):
    """One happening: the name of its operation, the number of the person, and its variant."""

    do: str
    who: int
    how: str = ""

    def __str__(self) -> str:
        """Return it as an address names it."""
        return ".".join(filter(None, (self.do, str(self.who), self.how)))


def what_if(run: Sequence[Json], message: Json, operations: Sequence[Json]) -> WhatIf | None:
    """Return what can go wrong with a message of a run; None if the run cannot be played or nothing can go wrong.

    `run` has all messages of the trace. For an answer, its call is looked at.
    """
    call = next((each for each in run if each["call"] == message["call"] != "" and each["kind"] == "call"), message)
    people, subject = _people_of(run), _subject_of(call)
    steps = _steps_of(run, people)
    who = _person_of(call, people)
    made_by = _made_by(run, call, steps, who)
    found = [
        (_address(story), operation["says"].format(who=f"Person {who}"))
        for operation in operations
        if can_play(operation["do"], operation["with"]) and _is_about(operation["spoils"], subject)
        for story in _with(steps, Step(operation["do"], who, operation["how"]), operation["place"], made_by)
    ]
    return WhatIf(found) if found else None


def story_of(reference: str, operations: Sequence[Json]) -> Json:
    """Return the story that an address names, in the form of story.json. Raises: StoryUnreadable."""
    known = {(each["do"], each["how"]): each for each in operations}
    happened = []
    for part in reference.split(","):
        named = _REFERENCE.fullmatch(part)
        operation = known.get((named[1], named[3] or "")) if named else None
        if named is None or operation is None:
            raise StoryUnreadable(f"This link names an event that ALC and the CRM do not know: “{part[:60]}”.")
        says = operation["says"].format(who=f"Person {named[2]}")
        step = {"at": 0, "do": named[1], "who": int(named[2]), "how": named[3] or "", "says": says}
        happened.append({**step, "with": operation["with"]})
    return {"storm": FORM, "promise": "", "promised": EVERY_PROMISE, "broken_by": "", "happened": happened}


def _address(steps: Sequence[Step]) -> str:
    return ",".join(map(str, steps))


def _people_of(run: Sequence[Json]) -> list[str]:
    """Return the record ids of the people whom the run sends, in their order."""
    sent = (_body(call).get("recordId") for call in run if _subject_of(call) == SEND)
    return list(dict.fromkeys(filter(None, sent)))[:MOST_PEOPLE]


def _steps_of(run: Sequence[Json], people: Sequence[str]) -> list[Step]:
    """Return the run as a day without trouble: what began it, and what ALC decided."""
    start = next((STARTS[each["label"]] for each in run if each["label"] in STARTS), "")
    if start == "connect":
        return [Step("disconnect", 1), Step("connect", 1)]
    if start != "click":
        return [Step(start, 1)] if start else []
    verdicts = {body.get("record_id"): str(body.get("status")) for body in map(_body, run) if _event(body) == VERDICT}
    numbers = [*enumerate(people, 1)] or [(1, "")]
    decided = [
        Step("verdict", who, INTERESTS.get(verdicts[each], "interested")) for who, each in numbers if each in verdicts
    ]
    return [Step("click", who) for who, _ in numbers] + decided


def _with(steps: Sequence[Step], fault: Step, place: str, made_by: str) -> Iterator[list[Step]]:
    """Yield the story with the fault in its place, if there is one and the run does not have it already."""
    relation, _, beside = place.partition(" of ") if place.startswith("instead") else place.partition(" ")
    at = next((n for n, step in enumerate(steps) if (step.do, step.who) == (beside or made_by, fault.who)), None)
    if at is None or fault in steps:
        return
    before, after = at + (relation == "after"), at + (relation in ("after", "instead"))
    yield [*steps[:before], fault, *steps[after:]]


def _made_by(run: Sequence[Json], call: Json, steps: Sequence[Step], who: int) -> str:
    """Return which happening of the run made a request: the verdict, once it was delivered, else the first."""
    earlier = run[: next((n for n, each in enumerate(run) if each["id"] == call["id"]), 0)]
    if any(_event(_body(each)) == VERDICT for each in earlier) and any(step.do == "verdict" for step in steps):
        return "verdict"
    return next((step.do for step in steps if step.who == who and step.do != "disconnect"), "disconnect")


def _person_of(call: Json, people: Sequence[str]) -> int:
    """Return the number of the person whom a call is about; 1 if it names none."""
    body, path = _body(call), _path(call)
    named = body.get("recordId") or body.get("record_id") or path.rpartition("/")[2]
    return people.index(named) + 1 if named in people else 1


def _subject_of(message: Json) -> str:
    """Return what a message is in the words of the mocks' list: a route, an event, or what began the run."""
    request = message["detail"].get("request")
    if message["label"] == DELIVERY:
        return _event(_body(message))
    return f"{request['method']} {_path(message)}" if request else STARTS.get(message["label"], "")


def _is_about(spoils: str, subject: str) -> bool:
    """Return whether an operation spoils this; a `*` in its route is any one part of the path."""
    own, given = spoils.split("/"), subject.split("/")
    return bool(spoils) and len(own) == len(given) and all(a in (b, "*") for a, b in zip(own, given, strict=True))


def _path(message: Json) -> str:
    return urlsplit(str(message["detail"].get("request", {}).get("url", ""))).path


def _body(message: Json) -> Mapping[str, Any]:
    try:
        found = json.loads(message["detail"]["request"]["body"])
    except (KeyError, TypeError, ValueError, RecursionError):  # no request, or a body that is no JSON
        return {}
    return found if isinstance(found, dict) else {}


def _event(body: Mapping[str, Any]) -> str:
    return str(body.get("event", ""))
