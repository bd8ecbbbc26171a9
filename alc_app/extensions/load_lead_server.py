"""The server function behind the widget: what became of the person's last lead, as ALC tells it or as we remember it.

TUTORIAL: it shows nothing of the chat. An ALC that is away takes nothing from the page but what is newest in the chat:
each look is kept for a day (`kv`), because it is a cache and may be lost.
"""

from __future__ import annotations

import logging
from typing import Any

from alc_app.attio import AttioError
from alc_app.attio.host.context import current
from alc_app.attio.server import get_workspace_connection, kv, server_function
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcError
from alc_app.clients.alc_models import LeadState
from alc_app.leads import queries

FRESH = 60.0
"""Seconds for which a look counts as the last one."""
KEPT = 86_400.0
"""Seconds: a chat is what people have said, and is not ours to keep."""
log = logging.getLogger(__name__)


@server_function(durable=False)
def load_lead(record_id: str) -> dict[str, Any] | None:
    """The last lead of a record that was meant to be sent, with its chat; None when there is none."""
    seen = queries.last_lead(record_id)
    if seen is None:
        return None
    told: dict[str, Any] = {"status": seen.status, "interest": seen.interest, "summary": seen.summary, "why": seen.why}
    told |= {"alc_lead_id": seen.alc_lead_id, "transcript": [], "seen_at": None}
    told |= {"alc_is_away": False, "is_connected": True}
    if seen.alc_lead_id is None:
        return told
    told["console_url"] = alc_api.console_url(seen.alc_lead_id)
    try:
        state = alc_api.get_lead(get_workspace_connection(), seen.alc_lead_id)
    except AlcError:
        return told | _last_look(seen.alc_lead_id) | {"alc_is_away": True}
    except AttioError:  # not connected: what ALC has told is no longer for this page
        return told | {"is_connected": False}
    chat = _chat(state)
    _remember(seen.alc_lead_id, chat)
    return told | chat


def _chat(lead: LeadState) -> dict[str, Any]:
    said = [{"from": line.sender, "text": line.text} for line in lead.transcript]
    return {"transcript": said} | ({"summary": lead.summary} if lead.summary else {})


def _remember(alc_lead_id: str, chat: dict[str, Any]) -> None:
    """Keep it, unless that was done a moment ago: a card is drawn at every turn of the chat, and by everybody."""
    last, now = kv.get(f"chat:{alc_lead_id}"), current().now()
    if last and last.value["chat"] == chat and now - last.value["seen_at"] < FRESH:
        return
    try:
        kv.set(f"chat:{alc_lead_id}", {"chat": chat, "seen_at": now}, ttl_in_seconds=KEPT)
    except Exception:  # a full disk takes nothing from the page
        log.warning("The chat of the lead %s could not be kept for when ALC is away.", alc_lead_id, exc_info=True)


def _last_look(alc_lead_id: str) -> dict[str, Any]:
    found = kv.get(f"chat:{alc_lead_id}")
    return {**found.value["chat"], "seen_at": found.value["seen_at"]} if found else {}
