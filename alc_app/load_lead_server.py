"""The server function behind the widget: what became of the person's last lead, as ALC tells it or as we remember it.

TUTORIAL: it shows nothing of the chat. This only reads, and an ALC that is away takes nothing from the page but the
chat itself.
"""

from __future__ import annotations

from typing import Any

from alc_app import alc_api, lead_review
from alc_app.alc_api import AlcError, LeadState
from alc_app.attio import AttioError
from alc_app.attio.server import get_workspace_connection, server_function


@server_function(durable=False)
def load_lead(record_id: str) -> dict[str, Any] | None:
    """The last lead of a record that was meant to be sent, with its chat; None when there is none."""
    seen = lead_review.last_lead(record_id)
    if seen is None:
        return None
    told: dict[str, Any] = {"status": seen.status, "interest": seen.interest, "summary": seen.summary, "why": seen.why}
    told |= {"alc_lead_id": seen.alc_lead_id, "transcript": [], "alc_is_away": False}
    if seen.alc_lead_id is None:
        return told
    told["console_url"] = alc_api.console_url(seen.alc_lead_id)
    try:
        state = alc_api.get_lead(get_workspace_connection(), seen.alc_lead_id)
    except (AlcError, AttioError):
        return told | {"alc_is_away": True}
    return told | _chat(state)


def _chat(lead: LeadState) -> dict[str, Any]:
    said = [{"from": line.sender, "text": line.text} for line in lead.transcript]
    return {"transcript": said} | ({"summary": lead.summary} if lead.summary else {})
