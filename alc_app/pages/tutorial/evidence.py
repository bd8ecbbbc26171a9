"""Sentences that say what was seen of a step, with facts from the exchange log."""

import json
from collections.abc import Callable
from typing import Any, Final

from .progress import Evidence, Message


def sentence(step_id: str, found: Evidence) -> str:
    """Return what was seen of a step, or that it is running or why it failed."""
    if found.running:
        return f"{found.message['words']}: waiting for {found.message['receiver']} to answer."
    if found.failed:
        return _failure(found)
    describe = SENTENCES.get(step_id)
    return describe(found) if describe else "This step is done."


def _failure(found: Evidence) -> str:
    who, how = found.message["receiver"], _answer(found)["label"]
    if how.startswith("raises "):
        return f"{who} raised {how.removeprefix('raises ')}."
    return f"{who} answered {how}. {_answer(found)['detail'].get('why') or _error_message(found)}".strip()


def _error_message(found: Evidence) -> str:
    error = _body(found.answer, "response").get("error")
    return str(error.get("message", "")) if isinstance(error, dict) else ""


def _answered(found: Evidence) -> str:
    """Return a phrase such as “ALC answered 201 after 34 ms”."""
    status = _answer(found)["label"].partition(" ")[0]
    return f"{found.message['receiver'].removesuffix(' API')} answered {status} after {_ms(found)} ms"


def _returned(name: str) -> Callable[[Evidence], str]:
    return lambda found: f"{name}() succeeded after {_ms(found)} ms."


def _ms(found: Evidence) -> int:
    answer = _answer(found)
    took = answer["detail"].get("ms") or (answer["at"] - found.message["at"]) * 1000
    return max(1, round(float(took)))


def _answer(found: Evidence) -> Message:
    assert found.answer  # noqa: S101 - for the type checker: finished steps have one
    return found.answer


def _body(message: Message | None, part: str) -> dict[str, Any]:
    """Return the JSON object in a request or response; an empty one for anything else."""
    try:
        parsed = json.loads(message["detail"][part]["body"]) if message else {}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _argument(found: Evidence, name: str) -> str:
    return str(found.message["detail"].get("arguments", {}).get(name, ""))


def _query(found: Evidence) -> str:
    returned = (found.answer or {"detail": {}})["detail"].get("returns") or {}
    numbers = (returned.get("person") or {}).get("phone_numbers", [])
    if not numbers:
        return "The query found no phone number. An alert said so, and nothing was sent."
    count = "1 phone number" if len(numbers) == 1 else f"{len(numbers)} phone numbers"
    return f"The query found {count} after {_ms(found)} ms."


def _lead(found: Evidence) -> str:
    lead = _body(found.answer, "response").get("id", "")
    return f"{_answered(found)} and created the lead {lead}."


def _webhook(found: Evidence) -> str:
    name = _body(found.answer, "response").get("webhook_id")
    return f"{_answered(found)} and created the webhook {name}." if name else "ALC has the webhook already."


def _status(found: Evidence) -> str:
    status = found.message["words"].rpartition("mark record ")[2].strip('"')
    return f"{_answered(found)}, and the record says {status}."


def _delivery(found: Evidence) -> str:
    status = _body(found.message, "request").get("status", "a result")
    return f"ALC sent {status}. The app checked the signature, stored the delivery and answered after {_ms(found)} ms."


def _gone(found: Evidence) -> str:
    return f"{_answered(found)}. It has deleted the webhook."


SENTENCES: Final[dict[str, Callable[[Evidence], str]]] = {
    "Installation 1": lambda _: "You pressed Connect.",
    "Installation 2": lambda _: "The app sent your browser to ALC, with a state and a PKCE challenge.",
    "Installation 3": lambda _: "You signed in at ALC and allowed access.",
    "Installation 4": lambda _: "ALC sent your browser back with a code. The app is installed.",
    "Installation 5": _returned("connection_added"),
    "Installation 6": _returned("create_webhook_handler"),
    "Installation 7": _webhook,
    "Usage 2": lambda _: "You opened a person's page.",
    "Usage 3": lambda found: f"You pressed “{found.message['detail'].get('detail_of_button', 'Send to ALC')}”.",
    "Usage 4": lambda _: "The page ran on_trigger().",
    "Usage 5": lambda found: f"The page showed “{_argument(found, 'title')}”.",
    "Usage 6": _query,
    "Usage 7": _returned("send_to_alc"),
    "Usage 8": _lead,
    "Usage 9": _status,
    "Usage 10": lambda _: "send_to_alc() returned the lead to the record action.",
    "Usage 11": lambda _: "The first toast is gone.",
    "Usage 12": lambda found: f"The page showed “{_argument(found, 'title')}”.",
    "Later 10": _delivery,
    "Later 11": _status,
    "Removal 1": _returned("list_webhook_handlers"),
    "Removal 2": _gone,
    "Removal 3": _returned("delete_webhook_handler"),
}
