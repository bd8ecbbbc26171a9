"""Break it: an overview of the labs, and a page for each, to predict, run and see."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from flask import Blueprint, Response, abort, render_template, request

from .workspace import Workspace

SideName = Literal["naive", "ours"]


class LabsBusy(Exception):
    """Another lab is running. The labs share the servers, so one runs at a time."""


@dataclass(frozen=True)
class Choice:
    """A possible outcome of a lab, which the user predicts before the run."""

    id: str
    text: str  # a sentence
    good: bool = False


@dataclass(frozen=True)
class Excerpt:
    """Some lines of a source file of this repository."""

    file: str
    line: int
    code: str


@dataclass(frozen=True)
class Lab:
    """A fault, with the question to predict and the explanation."""

    name: str
    title: str
    fault: str  # what will happen, in a sentence or two
    question: str
    choices: Sequence[Choice]
    quote: str  # what the tutorial says about it, word for word
    quoted_from: str
    why: Mapping[SideName, str]
    requirements: Sequence[str] = ()  # codes of tests/requirements.yaml
    sources: Mapping[SideName, Sequence[Excerpt]] = field(default_factory=dict)  # filled by Labs.get
    number: int = 0


class StoryUnreadable(ValueError):
    """The file is no story, or none that can be played here. The message is a sentence."""


@dataclass(frozen=True)
class Story:
    """The shortest day on which a storm has broken a promise."""

    name: str
    promised: str  # a sentence
    broken_by: str  # a sentence
    lines: Sequence[tuple[str, str]]  # the time since the beginning, such as 0:01:00, and what happened, in a sentence
    file: Mapping[str, Any]  # what story.json says


@dataclass(frozen=True)
class WhatIf:
    """What can go wrong with an arrow of the live sequence."""

    choices: Sequence[tuple[str, str]]  # the story as an address names it, and what goes wrong, in a sentence


class Labs(Protocol):
    """The labs, as far as the pages need them."""

    def all(self) -> Sequence[Lab]:
        """Return the labs in their order."""

    def get(self, name: str) -> Lab | None:
        """Return a lab with its excerpts, or None."""

    def missing(self) -> str | None:
        """Return what must be done before a lab can run, as a sentence, or None."""

    def decide_now(self, lead_id: str) -> None:
        """Have ALC's agent decide on a lead at once. Raises: NotPossible."""

    def run(self, name: str, guess: str) -> Iterator[Mapping[str, Any]]:
        """Run a lab and yield its lines as they happen. Raises: LabsBusy."""

    def stories(self) -> Sequence[Story]:
        """Return the stories of the tutorial's code."""

    def play(self, file: Any, *, with_naive: bool = True) -> Iterator[Mapping[str, Any]]:
        """Play what story.json says, and yield its lines as they happen. Raises: StoryUnreadable, LabsBusy."""

    def what_if(self, message_id: int) -> WhatIf | None:
        """Return what can go wrong with a message of the live sequence, or None."""

    def tell(self, reference: str) -> Story:
        """Return the story that an address names. Raises: StoryUnreadable."""


def add_lab_pages(pages: Blueprint, workspace: Workspace, labs: Labs) -> None:
    """Add `/labs`, `/labs/<name>` and running a lab."""
    pages.app_context_processor(lambda: {"has_labs": workspace.may("GET /labs")})

    @pages.get("/labs")
    def overview() -> str:
        return _page("labs.html", labs=labs.all(), stories=labs.stories())

    @pages.get("/labs/<name>")
    def lab(name: str) -> str:
        shown, everything = _find(name), labs.all()
        following = next((other for other in everything if other.number == shown.number + 1), None)
        return _page("lab.html", lab=shown, following=following, count=len(everything), missing=labs.missing())

    @pages.post("/labs/<name>/run")
    def run(name: str) -> Response:
        options = request.get_json(silent=True)
        guess = options.get("guess") if isinstance(options, dict) else None
        if guess not in [choice.id for choice in _find(name).choices]:
            abort(400, "Choose what you expect first, then run the lab.")
        if missing := labs.missing():
            abort(409, missing)
        return stream(lambda: labs.run(name, guess))

    def _page(template: str, **values: Any) -> str:
        events_after = workspace.last_event_id()
        return render_template(template, events_after=events_after, **values)

    def _find(name: str) -> Lab:
        return labs.get(name) or abort(404)


def stream(begin: Callable[[], Iterator[Mapping[str, Any]]]) -> Response:
    """Begin a run, and send each of its lines as soon as it is there. Aborts if another one is running."""
    try:
        lines = begin()
    except LabsBusy:
        abort(409, "A lab is already running. Wait for it to end, then try again.")
    body = (json.dumps(line) + "\n" for line in lines)
    return Response(body, content_type="application/x-ndjson", headers={"X-Accel-Buffering": "no"})
