"""Labs that yield the lines that a test prepares."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alc_app.pages import Choice, Excerpt, Lab, LabsBusy, NotPossible, Story, StoryUnreadable

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

NO_STORY = "This is no story of mock-alc storm: promise is missing or not as it should be."
FILE: Mapping[str, Any] = {
    "storm": 1,
    "promise": "nothing_left",
    "promised": "A disconnect leaves no webhook at ALC.",
    "broken_by": "The integration was disconnected, and ALC still has 1 of its webhooks.",
    "happened": [{"at": 61, "do": "disconnect", "who": 1, "how": "", "says": "The app is disconnected.", "with": {}}],
}
PLAYED: tuple[Mapping[str, Any], ...] = (
    {"event": "step", "side": "naive", "at": 0.1, "text": "The app is disconnected."},
    {"event": "fact", "side": "naive", "what": "Webhooks left at ALC", "value": "1", "good": False},
    {"event": "outcome", "side": "naive", "text": "Broken: A disconnect leaves no webhook at ALC.", "good": False},
    {"event": "fact", "side": "ours", "what": "Webhooks left at ALC", "value": "0", "good": True},
    {"event": "outcome", "side": "ours", "text": "Kept: A disconnect leaves no webhook at ALC.", "good": True},
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

    def play(self, file: Any) -> Iterator[Mapping[str, Any]]:
        """Note what is played; what has no promise is no story."""
        if "promise" not in file:
            raise StoryUnreadable(NO_STORY)
        self.files.append(file)
        return iter(PLAYED)
