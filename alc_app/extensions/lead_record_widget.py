"""The record widget: a person's page shows the status of the lead, the chat, and what happens next.

TUTORIAL: its `widgets` stay empty; the status is an attribute among others.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alc_app.attio import Badge, RecordWidget, TextWidget
from alc_app.attio.client import graphql, run_query
from alc_app.attio.host.errors import QueryError
from alc_app.attio.widgets import Link, TranscriptLine
from alc_app.clients.alc_events import INTERESTS
from alc_app.extensions.load_lead_server import load_lead

GET_PERSON_PHONE_NUMBERS = graphql(Path(__file__).parents[1] / "get_person_phone_numbers.graphql")
TITLE = "Acme Lead Checker"
BADGES = {
    "sending": Badge("Sending", "grey"),
    "pending": Badge("Pending", "amber"),
    "complete": Badge("Complete", "green"),
    "failed": Badge("Failed", "red"),
    "not_sent": Badge("Not sent", "red"),
}
TEXTS = {
    "sending": ("Being sent to ALC", "The status becomes Pending as soon as ALC answers."),
    "pending": ("ALC's agent is chatting", "The status here changes when ALC has a result."),
    "complete": ("The chat has ended", ""),
    "failed": ("The chat has failed", ""),
    "not_sent": ("The last send failed", "Press Send to ALC to try again."),
}
DISCONNECTED = "Acme Lead Checker is not connected. Connect it to see the chat and to get the result."
AWAY = "ALC does not answer, so the chat is not shown right now."


async def widget(record_id: str) -> TextWidget:
    """Return what the widget shows for this person."""
    try:
        person = (await run_query(GET_PERSON_PHONE_NUMBERS, recordId=record_id))["person"] or {}
    except QueryError:
        person = {}
    name = (person.get("name") or {}).get("full_name") or "this person"
    lead = await load_lead(record_id)
    if lead is None:
        return _not_sent_widget(name, has_phone=bool(person.get("phone_numbers", True)))
    return _lead_widget(lead, name)


def _not_sent_widget(name: str, *, has_phone: bool) -> TextWidget:
    if not has_phone:
        return TextWidget(TITLE, "Not sent yet", f"Add a phone number to {name} so that ALC's agent can send an SMS.")
    text = f"Press Send to ALC. An agent chats with {name} by SMS, and this page shows the result."
    return TextWidget(TITLE, "Not sent yet", text)


def _lead_widget(lead: dict[str, Any], name: str) -> TextWidget:
    status = lead["status"]
    primary, secondary = TEXTS[status]
    if status in ("complete", "failed"):
        primary, secondary = INTERESTS.get(lead["interest"], primary), lead["summary"] or secondary
    elif not lead["is_connected"]:
        secondary = DISCONNECTED
    elif lead["why"]:
        secondary = f"{lead['why']} {secondary}"
    return TextWidget(
        TITLE,
        primary,
        " ".join(text for text in (secondary, _away(lead) if lead["alc_is_away"] else "") if text),
        BADGES[status],
        Link("Open in ALC's console", lead["console_url"]) if lead["alc_lead_id"] else None,
        [_line(message, name) for message in lead["transcript"]],
    )


def _away(lead: dict[str, Any]) -> str:
    """Explain that ALC is away, and from when the chat is that is shown."""
    if lead["seen_at"] is None:
        return AWAY
    at = datetime.fromtimestamp(lead["seen_at"], UTC)
    return f"ALC does not answer. This is the chat as of {at.day} {at:%b, %H:%M} UTC."


def _line(message: dict[str, str], name: str) -> TranscriptLine:
    is_theirs = message["from"] == "lead"
    return TranscriptLine(name if is_theirs else "ALC's agent", message["text"], is_theirs)


lead_record_widget = RecordWidget(
    id="alc-lead",
    label="ALC",
    widget=widget,
    objects="people",
)
