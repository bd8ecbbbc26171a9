"""Labs that yield the lines that a test prepares."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alc_app.pages import Choice, Excerpt, Lab, LabsBusy, NotPossible, Story, StoryUnreadable, WhatIf

LAB = Lab(
    name="double-click",
    title="Double click",
    fault="Someone presses “Send to ALC” twice. Both clicks run before either has an answer.",
    question="How many SMS chats does the tutorial’s code start?",
    choices=[Choice("one", "One chat.", good=True), Choice("two", "Two chats with the same person.")],
    quote="Server function uses fetch() to send a POST request to api.acmeleadchecker.ai.",
    quoted_from="Usage, step 8",
    why={"naive": "Each click is a POST of its own.", "ours": "The second click joins the first."},
    requirements=["C1", "C2"],
    sources={
        "naive": [
            Excerpt("alc_app/labs/naive/send_to_alc_server.py", 9, "def send_to_alc():\n    fetch()" + " # long" * 40)
        ],
        "ours": [Excerpt("alc_app/leads/transitions.py", 27, "def intend():\n    ...")],
    },
    number=1,
)
STORY: tuple[Mapping[str, Any], ...] = (
    {"event": "step", "side": "naive", "at": 0.1, "text": "Presses “Send to ALC” twice."},
    {"event": "step", "side": "ours", "at": 0.1, "text": "Presses “Send to ALC” twice."},
    {"event": "fact", "side": "naive", "what": "SMS chats at ALC", "value": "2", "good": False},
    {"event": "outcome", "side": "naive", "text": "Two chats with the same person.", "good": False, "guessed": True},
    {"event": "fact", "side": "ours", "what": "SMS chats at ALC", "value": "1", "good": True},
    {"event": "outcome", "side": "ours", "text": "One chat.", "good": True, "guessed": False},
    {"event": "done"},
)

NO_STORY = "This is not a story of mock-alc storm: promise is missing or wrong."
FILE: Mapping[str, Any] = {
    "storm": 1,
    "promise": "nothing_left",
    "promised": "A disconnect leaves no webhook at ALC.",
    "broken_by": "The integration was disconnected, but ALC still has 1 of its webhooks.",
    "happened": [{"at": 61, "do": "disconnect", "who": 1, "how": "", "says": "The app is disconnected.", "with": {}}],
}


def _message(number: int, words: str, kind: str = "call", call: str = "", **told: Any) -> Mapping[str, Any]:
    between = ("Event Handler", "ALC") if kind == "call" else ("ALC", "Event Handler")
    named = {"id": number, "kind": kind, "call": call, "sender": between[0], "receiver": between[1], "words": words}
    plain = {"at": 1_800_000_000.0, "label": words, "step": "", "trace_id": "t9", "detail": {}}
    return {**plain, **named, **told}


DELETE = {"method": "DELETE", "url": "http://alc.test/api/v1/webhooks/1", "headers": {}, "body": ""}
MESSAGES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "naive": [
        _message(-1, "The app is disconnected.", "note"),
        _message(-2, "Tells ALC to stop calling", call="c1", detail={"request": DELETE}),
        _message(-3, "503 Service Unavailable", "answer", "c1", detail={"ms": 3, "failed": True}),
    ],
    "ours": [
        _message(901, "The app is disconnected.", "note"),
        _message(902, "Tells ALC to stop calling", call="c2", detail={"request": DELETE}),
        _message(903, "503 Service Unavailable", "answer", "c2", detail={"ms": 3, "failed": True}),
        _message(904, "Tells ALC to stop calling", call="c3", detail={"request": DELETE}),
        _message(905, "200 OK", "answer", "c3", detail={"ms": 4}),
    ],
}
REFERENCE = "disconnect.1.503"
CHOICES = [(REFERENCE, "The app is disconnected, and ALC answers 503."), ("disconnect.1.lost", "The answer is lost.")]
PLAYED: tuple[Mapping[str, Any], ...] = (
    {"event": "step", "side": "naive", "at": 0.1, "text": "The app is disconnected."},
    *({"event": "message", "side": side, "message": each} for side, sent in MESSAGES.items() for each in sent),
    {"event": "fact", "side": "naive", "what": "Webhooks left at ALC", "value": "1", "good": False},
    {"event": "outcome", "side": "naive", "text": "Broken: A disconnect leaves no webhook at ALC.", "good": False},
    {"event": "fact", "side": "ours", "what": "Webhooks left at ALC", "value": "0", "good": True},
    {"event": "outcome", "side": "ours", "text": "Kept: A disconnect leaves no webhook at ALC.", "good": True},
    {"event": "differences", "naive": [], "ours": [904, 905]},
    {"event": "done"},
)


class FakeLabs:
    """Implements the protocol `alc_app.pages.Labs`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As new."""
        self.story: Sequence[Mapping[str, Any]] = STORY
        self.is_busy, self.lacks = False, ""
        self.guesses: list[str] = []
        self.files: list[Any] = []
        self.decided: list[str] = []
        self.sides: list[bool] = []

    def all(self) -> Sequence[Lab]:
        """One that is told, and one that follows it."""
        return [LAB, Lab(**{**LAB.__dict__, "name": "answer-lost", "title": "Answer lost", "number": 2})]

    def get(self, name: str) -> Lab | None:
        """One of them."""
        return next((lab for lab in self.all() if lab.name == name), None)

    def decide_now(self, lead_id: str) -> None:
        """Note the lead, unless ALC's control API is closed."""
        if self.lacks:
            raise NotPossible("ALC did not decide.")
        self.decided.append(lead_id)

    def missing(self) -> str | None:
        """What a test says."""
        return self.lacks or None

    def run(self, name: str, guess: str) -> Iterator[Mapping[str, Any]]:
        """Play the story."""
        del name
        if self.is_busy:
            raise LabsBusy
        self.guesses.append(guess)
        return iter(self.story)

    def stories(self) -> Sequence[Story]:
        """One of one line."""
        return [
            Story("nothing_left", FILE["promised"], FILE["broken_by"], [("0:01:01", "The app is disconnected.")], FILE)
        ]

    def what_if(self, message_id: int) -> WhatIf | None:
        """Return two choices for the messages with an even number."""
        return None if message_id % 2 else WhatIf(CHOICES)

    def tell(self, reference: str) -> Story:
        """Return the one story that an address can name."""
        if reference != REFERENCE:
            raise StoryUnreadable("This link names an event that ALC and the CRM do not know.")
        return Story("", "", "", [("0:00:00", CHOICES[0][1])], {**FILE, "promise": ""})

    def play(self, file: Any, *, with_naive: bool = True) -> Iterator[Mapping[str, Any]]:
        """Note what is played; what has no promise is no story."""
        if "promise" not in file:
            raise StoryUnreadable(NO_STORY)
        self.files.append(file)
        self.sides.append(with_naive)
        return (line for line in PLAYED if with_naive or line.get("side") == "ours" or line["event"] == "done")
