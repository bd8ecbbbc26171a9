"""What was seen of a step, as a sentence with the facts that it was seen by."""

import json
from collections.abc import Callable
from typing import Any, Final

from .progress import Message, Seen


def sentence(step_id: str, seen: Seen) -> str:
    """What the tour says that it saw. Of a step that is under way or has failed, how it stands."""
    if seen.running:
        return f"{seen.message['words']}: waiting for {seen.message['receiver']} to answer."
    if seen.failed:
        return _failure(seen)
    tell = SAW.get(step_id)
    return tell(seen) if tell else "It happened."


def _failure(seen: Seen) -> str:
    who, how = seen.message["receiver"], _answer(seen)["label"]
    if how.startswith("raises "):
        return f"{who} raised {how.removeprefix('raises ')}."
    return f"{who} answered {how}. {_answer(seen)['detail'].get('why') or _said(seen)}".strip()


def _said(seen: Seen) -> str:
    error = _body(seen.answer, "response").get("error")
    return str(error.get("message", "")) if isinstance(error, dict) else ""


def _answered(seen: Seen) -> str:
    """“ALC answered 201 after 34 ms”."""
    status = _answer(seen)["label"].partition(" ")[0]
    return f"{seen.message['receiver'].removesuffix(' API')} answered {status} after {_ms(seen)} ms"


def _returned(name: str) -> Callable[[Seen], str]:
    return lambda seen: f"{name}() ran for {_ms(seen)} ms, and raised nothing."


def _ms(seen: Seen) -> int:
    answer = _answer(seen)
    took = answer["detail"].get("ms") or (answer["at"] - seen.message["at"]) * 1000
    return max(1, round(float(took)))


def _answer(seen: Seen) -> Message:
    assert seen.answer  # noqa: S101 - for the type checker: what is over, well or not, has one
    return seen.answer


def _body(message: Message | None, part: str) -> dict[str, Any]:
    """The JSON object of a request or a response; anything else is an empty one."""
    try:
        found = json.loads(message["detail"][part]["body"]) if message else {}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _argument(seen: Seen, name: str) -> str:
    return str(seen.message["detail"].get("arguments", {}).get(name, ""))


def _query(seen: Seen) -> str:
    returned = (seen.answer or {"detail": {}})["detail"].get("returns") or {}
    numbers = (returned.get("person") or {}).get("phone_numbers", [])
    if not numbers:
        return "The query found no phone number, so an alert says so and nothing is sent."
    found = "1 phone number" if len(numbers) == 1 else f"{len(numbers)} phone numbers"
    return f"The query found {found} after {_ms(seen)} ms."


def _lead(seen: Seen) -> str:
    lead = _body(seen.answer, "response").get("id", "something")
    return f"{_answered(seen)} and called it {lead}."


def _webhook(seen: Seen) -> str:
    name = _body(seen.answer, "response").get("webhook_id")
    return f"{_answered(seen)} and called the webhook {name}." if name else "ALC has the webhook, and its id is kept."


def _status(seen: Seen) -> str:
    status = seen.message["words"].rpartition("mark record ")[2].strip('"')
    return f"{_answered(seen)}, and the record says {status}."


def _delivery(seen: Seen) -> str:
    status = _body(seen.message, "request").get("status", "a verdict")
    return f"ALC called with {status}. The signature was right, and it was stored and answered after {_ms(seen)} ms."


def _gone(seen: Seen) -> str:
    return f"{_answered(seen)}: it no longer calls."


SAW: Final[dict[str, Callable[[Seen], str]]] = {
    "Installation 1": lambda _: "Connect was pressed.",
    "Installation 2": lambda _: "The browser was sent to ALC, with a state and a PKCE challenge.",
    "Installation 3": lambda _: "ALC let the person in, and the person allowed it.",
    "Installation 4": lambda _: "ALC sent the browser back with a code, and the app shows as installed.",
    "Installation 5": _returned("connection_added"),
    "Installation 6": _returned("create_webhook_handler"),
    "Installation 7": _webhook,
    "Usage 2": lambda _: "A person's page was opened.",
    "Usage 3": lambda seen: f"“{seen.message['detail'].get('detail_of_button', 'The button')}” was pressed.",
    "Usage 4": lambda _: "on_trigger() was fired.",
    "Usage 5": lambda seen: f"The toast “{_argument(seen, 'title')}” was shown.",
    "Usage 6": _query,
    "Usage 7": _returned("send_to_alc"),
    "Usage 8": _lead,
    "Usage 9": _status,
    "Usage 10": lambda _: "send_to_alc() returned the lead to the record action.",
    "Usage 11": lambda _: "The first toast was hidden.",
    "Usage 12": lambda seen: f"The toast “{_argument(seen, 'title')}” was shown.",
    "Later 10": _delivery,
    "Later 11": _status,
    "Removal 1": _returned("list_webhook_handlers"),
    "Removal 2": _gone,
    "Removal 3": _returned("delete_webhook_handler"),
}
