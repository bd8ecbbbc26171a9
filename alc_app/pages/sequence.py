"""Words for the exchange log, from the tutorial's two sequence diagrams: participants, arrows and steps."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

PARTICIPANTS: Final = (
    "User",
    "Attio UI",
    "Record Action",
    "GraphQL",
    "Server Function",
    "Workflow",
    "ALC",
    "Webhook",
    "Event Handler",
    "Attio Server SDK",
    "Recurring Job",
    "Attio API",
    "Record Event",
)
"""From left to right. A diagram shows only those that take part."""

Message = dict[str, Any]


@dataclass(frozen=True)
class Arrow:
    """One arrow of a diagram: how the log names it, what the diagram says, and at which step."""

    sender: str
    receiver: str
    label: str  # a regular expression for the whole label
    words: str
    step: str = ""
    event: str = ".*"  # a regular expression for the event that the request's body names


MARK: Final = 'with ATTIO_API_TOKEN to mark record "{status}"'
"""A write of an ALC status. Other writes are no step of the tutorial."""
WRITE: Final = "with ATTIO_API_TOKEN to write {attributes}"
ARROWS: Final = (
    Arrow("User", "Attio UI", "Clicks to install app", "Clicks to install app", "Installation 1"),
    Arrow("Attio UI", "User", "Prompts .*", "Prompts to add connection to ALC", "Installation 2"),
    Arrow("User", "ALC", "Logs in .*", "Logs in (OAuth flow)", "Installation 3"),
    Arrow("ALC", "Attio UI", "Redirects .*", "Redirects back with a code", "Installation 4"),
    Arrow("Attio UI", "User", "Shows app is now installed", "Shows app is now installed", "Installation 4"),
    Arrow("Attio UI", "ALC", "GET /.well-known/.*", "Asks for ALC's endpoints"),
    Arrow("Attio UI", "ALC", "POST /oauth/token", "Exchanges the code for tokens"),
    Arrow("Attio UI", "ALC", "POST /oauth/revoke", "Revokes a token"),
    Arrow(".*", "ALC", "POST /oauth/token", "Refreshes the token"),
    Arrow("Attio UI", "Event Handler", "Fires connection_added", "Fires 'connection-added' event", "Installation 5"),
    Arrow(
        "Event Handler",
        "Attio Server SDK",
        r"create_webhook_handler\(\)",
        "Calls create_webhook_handler()",
        "Installation 6",
    ),
    Arrow("Event Handler", "ALC", "POST /api/v1/webhooks", "Registers webhook", "Installation 7"),
    Arrow(
        "Event Handler",
        "Attio Server SDK",
        r"update_webhook_handler\(\)",
        "Calls update_webhook_handler()",
        "Installation 7",
    ),
    Arrow("Event Handler", "ALC", "GET /api/v1/webhooks", "Finds the webhook by name"),
    Arrow("User", "Attio UI", "Views the record page", "Views the record page", "Usage 2"),
    Arrow("User", "Attio UI", "Clicks button", "Clicks button", "Usage 3"),
    Arrow("Attio UI", "Record Action", r"Fires on_trigger\(\)", "Fires on_trigger()", "Usage 4"),
    Arrow("Record Action", "GraphQL", r"run_query\(\)", "Load phone numbers", "Usage 6"),
    Arrow("Record Action", "Server Function", "Calls .*", "Calls send_to_alc()", "Usage 7"),
    Arrow("GraphQL", "Attio API", "GET .*", "Reads the record"),
    Arrow("Server Function", "ALC", "POST /api/v1/leads", "POST request", "Usage 8"),
    Arrow(".*", "ALC", "GET /api/v1/leads", "Asks for the idempotency key"),
    Arrow(".*", "ALC", "GET /api/v1/leads/.*", "Asks for the lead's result"),
    Arrow("Server Function", "Attio API", "PATCH .*", MARK, "Usage 9"),
    Arrow("Record Action", "Attio UI", r"hide_toast\(\)", "hide_toast()", "Usage 11"),
    Arrow(
        "ALC", "Webhook", "Calls the app's webhook", "Sends a better name or email address", event="prospect_updated"
    ),
    Arrow("ALC", "Webhook", "Calls the app's webhook", "Calls the app's webhook", "Later 10", "|lead.processed"),
    Arrow("Webhook", "Attio API", "PATCH .*", MARK, "Later 11"),
    Arrow("Attio API", "Record Event", "Calls the app's webhook", "Reports a changed record"),
    Arrow("Record Event|Workflow", "Attio API", "GET /v2/objects/.*", "Reads the record"),
    Arrow(".*", "Attio API", "(POST|PATCH|DELETE) /v2/webhooks.*", "Checks the app's webhook"),
    Arrow("Recurring Job", "Attio API", "POST /v2/objects/people/records/query", "Looks for people to send"),
    Arrow("Workflow", "ALC", "POST /api/v1/leads", "Sends the person"),
    Arrow("Workflow", "Attio API", "GET /v2/tasks", "Checks for the task"),
    Arrow("Workflow", "Attio API", "POST /v2/tasks", "Creates a task"),
    Arrow("Workflow|Recurring Job", "ALC", "POST /api/v1/webhooks", "Registers a webhook"),
    Arrow("Recurring Job", "ALC", "POST /api/v1/webhooks/.*/rotate-secret", "Sends ALC a new signing secret"),
    Arrow("Workflow|Recurring Job", "Attio API", "PATCH .*", MARK),
    Arrow(".*", "Attio API", "(PATCH|PUT) /v2/objects/[^/]+/records.*", WRITE),
    Arrow("Attio UI", "Event Handler", "Fires connection_removed", "Fires 'connection-removed' event"),
    Arrow(
        "Event Handler",
        "Attio Server SDK",
        r"list_webhook_handlers\(\)",
        "Calls list_webhook_handlers()",
        "Removal 1",
    ),
    Arrow("Event Handler", "ALC", "DELETE /api/v1/webhooks/.*", "Tells ALC to stop calling", "Removal 2"),
    Arrow(
        "Event Handler",
        "Attio Server SDK",
        r"delete_webhook_handler\(\)",
        "Calls delete_webhook_handler()",
        "Removal 3",
    ),
)
ANSWERS: Final = {
    ("GraphQL", "Record Action"): ("Query result", ""),
    ("Server Function", "Record Action"): ("Returns success", "Usage 10"),
    ("Attio Server SDK", "Event Handler"): ("Returns", ""),
    ("Event Handler", "Attio UI"): ("Handler finished", ""),
}


def describe(message: Message) -> Message:
    """Add to a message of the log what the tutorial calls it (`words`) and its step (`step`, may be empty)."""
    words, step = _words_and_step(message)
    return {**message, "words": words, "step": step}


def as_step(words: str) -> str:
    """Return an arrow's words as a line of a table. In the diagram some go on from the words above it."""
    return re.sub("^with ATTIO_API_TOKEN to (mark|write)", lambda found: f"{found[1].capitalize()}s", words)


def _words_and_step(message: Message) -> tuple[str, str]:
    between = (message["sender"], message["receiver"])
    if message["label"] == "show_toast()":
        is_last = message["detail"].get("arguments", {}).get("variant") == "success"
        return "show_toast()", "Usage 12" if is_last else "Usage 5"
    if message["label"] == "returns":
        return ANSWERS.get(between, ("Returns", ""))
    body = _body(message)
    written = _written(body)
    for arrow in ARROWS:
        if _matches(arrow, message, body) and (arrow.words != MARK or "status" in written):
            return arrow.words.format(**written), arrow.step
    return message["label"], ""


def _matches(arrow: Arrow, message: Message, body: Message) -> bool:
    expected = (arrow.sender, arrow.receiver, arrow.label, arrow.event)
    actual = (message["sender"], message["receiver"], message["label"], str(body.get("event", "")))
    return all(re.fullmatch(pattern, text, re.DOTALL) for pattern, text in zip(expected, actual, strict=True))


def _body(message: Message) -> Message:
    """Return the request's JSON object; an empty one for anything else: anybody may have written the body."""
    try:
        body = json.loads(message["detail"]["request"]["body"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _written(body: Message) -> dict[str, str]:
    """Return what a write to a record sets: the names of the `attributes`, and the `status` if it sets one."""
    data = body.get("data")
    values = data.get("values") if isinstance(data, dict) else None
    if not isinstance(values, dict):
        return {"attributes": "the record"}
    found = {"attributes": ", ".join(values).replace("_", " ") or "the record"}
    status = values.get("alc_status")
    if isinstance(status, list):  # a write of the tutorial's code
        status = status[0].get("value") if status and isinstance(status[0], dict) else None
    return found | ({"status": str(status)} if status else {})
