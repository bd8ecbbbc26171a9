"""Runs: what a person has begun and everything that it caused, as the exchange log has it.

A run is a trace that begins with an action of the user. The dock shows the last one in a line, and `/runs.json` lists
them; `waterfall.py` draws one.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Message = dict[str, Any]
Tone = Literal["good", "bad", "waiting", "neutral"]
Ending = tuple[str, Tone]

CONNECT: Final = {"Clicks to install app": "Connect", "Removes the connection": "Disconnect"}
BEGINNINGS: Final = {"Clicks button": "Send", "Runs a workflow": "Run a workflow", **CONNECT}
"""By the label of the user's message: what the run is called if the message does not say."""
MOST_RUNS: Final = 20
SEARCHED: Final = 400
"""Beginnings among which the runs of a page are looked for."""
TOO_MANY_REQUESTS: Final = 429
GIVEN_UP_AFTER: Final = 60.0
"""Seconds: a call that has no answer by then gets none any more, for example because its process died."""

ENDINGS: Final[Mapping[str, Ending]] = {
    "Shows app is now installed": ("Connected", "good"),
    "Shows the connection is removed": ("Disconnected", "good"),
    "Shows the remaining clean-up": ("Cleaning up", "waiting"),
    "Shows what went wrong": ("Failed", "bad"),
    "Does not allow it": ("Not allowed", "bad"),
    "Prompts to add connection to ALC": ("Waiting for your permission", "waiting"),
    "Logs in (OAuth flow)": ("Connecting", "waiting"),
    "confirm()": ("Waiting for your answer", "waiting"),
}
"""By the label of a message: the state of the run after it."""
STATUSES: Final[Mapping[str, Ending]] = {
    "Pending": ("Pending", "waiting"),
    "Complete": ("Complete", "good"),
    "Failed": ("Failed", "bad"),
}


@dataclass(frozen=True)
class Scope:
    """Whose runs a page shows: those of one record, or of the connection."""

    record_id: str = ""
    connection: bool = False

    def has(self, beginning: Message) -> bool:
        """Return whether the run that begins with this message belongs to the page."""
        return (not self.record_id or beginning["detail"].get("record_id") == self.record_id) and (
            not self.connection or beginning["label"] in CONNECT
        )


@dataclass(frozen=True)
class Run:
    """A run in one line: who, what, how it ended, when."""

    trace_id: str
    who: str  # the person that it is about, or empty
    record_id: str
    what: str
    status: str
    tone: Tone
    began_at: float
    changed_at: float  # seconds since 1970


def find_runs(
    beginnings: Iterable[Message], messages_of: Callable[[str], Sequence[Message]], now: float, scope: Scope, limit: int
) -> list[Run]:
    """Return the newest runs of a page. `beginnings` are the user's messages, newest first."""
    firsts = {message["trace_id"]: message for message in beginnings if scope.has(message)}
    traces = [trace_id for trace_id in firsts if trace_id][:limit]
    return [run_of(found, now) for trace_id in traces if (found := messages_of(trace_id))]


def run_of(messages: Sequence[Message], now: float) -> Run:
    """Return the run of these messages, which are those of one trace, oldest first, and not empty."""
    begins = (message for message in messages if message["label"] in BEGINNINGS or message["kind"] == "note")
    first = next(begins, messages[0])
    about = first["detail"]
    what = about.get("detail_of_button") or about.get("title") or BEGINNINGS.get(first["label"]) or first["label"]
    status, tone = _status(messages, now)
    return Run(
        trace_id=first["trace_id"],
        who=_who(messages, about),
        record_id=about.get("record_id", ""),
        what="A story" if first["kind"] == "note" else what,
        status=status,
        tone=tone,
        began_at=messages[0]["at"],
        changed_at=messages[-1]["at"],
    )


def as_json(run: Run) -> dict[str, Any]:
    """Return a run for the page's script."""
    return asdict(run)


def body(message: Message, part: Literal["request", "response"]) -> dict[str, Any]:
    """Return the JSON object that a request or a response carries; empty if it carries none."""
    try:
        found = json.loads(message["detail"][part]["body"])
    except (KeyError, TypeError, ValueError, RecursionError):  # anybody may have written the body
        return {}
    return found if isinstance(found, dict) else {}


def _who(messages: Sequence[Message], about: Mapping[str, Any]) -> str:
    """Return the name that was sent to ALC or read from the CRM, or how many people it is about."""
    if about.get("records"):
        return f"{about['records']} people"
    for message in messages:
        returned = message["detail"].get("returns")
        person = returned.get("person") if isinstance(returned, dict) else None
        read = ((person or {}).get("name") or {}).get("full_name")
        sent = body(message, "request").get("name") if message["label"] == "POST /api/v1/leads" else None
        if read or sent:
            return str(read or sent)
    return ""


def _status(messages: Sequence[Message], now: float) -> Ending:
    found: Ending | None = None
    written: dict[str, Ending | None] = {}
    for message in messages:
        if message["kind"] == "answer" and message["call"] in written:
            ending = written.pop(message["call"])
            found = ("Not written to Attio", "bad") if message["detail"].get("failed") else ending or found
        elif message["label"].startswith("PATCH "):
            values = body(message, "request").get("data", {}).get("values", {})
            written[message["call"]] = STATUSES.get(str(values.get("alc_status")))
        found = _after_alert(messages) if message["label"] == "alert()" else ENDINGS.get(message["label"], found)
    return found or _without_ending(messages, now)


def _after_alert(messages: Sequence[Message]) -> Ending:
    """Return what an alert means: ALC has refused the lead or was never asked, or nobody knows yet."""
    posts = {message["call"] for message in messages if message["label"] == "POST /api/v1/leads"}
    answers = [message for message in messages if message["kind"] == "answer" and message["call"] in posts]
    status = answers[-1]["detail"].get("response", {}).get("status", 0) if answers else 0
    refused = 400 <= status < 500 and status != TOO_MANY_REQUESTS
    return ("Not sent", "bad") if refused or not posts else ("Still sending", "waiting")


def _without_ending(messages: Sequence[Message], now: float) -> Ending:
    answered = {message["call"] for message in messages if message["kind"] == "answer"}
    waits = any(message["kind"] == "call" and message["call"] not in answered | {""} for message in messages)
    if waits and now - messages[-1]["at"] < GIVEN_UP_AFTER:
        return "Running", "waiting"
    return ("Failed", "bad") if any(message["detail"].get("failed") for message in messages) else ("Ended", "neutral")
