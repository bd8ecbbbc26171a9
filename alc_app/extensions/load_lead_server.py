"""The server function behind the widget: the person's last lead, from our row and from ALC.

TUTORIAL: it shows nothing of the chat. When ALC is down, the widget shows the chat as it was last seen, from a cache
(`kv`) that is kept for a day and may be lost.
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
from alc_app.leads.models import rows_of

REWRITE_AFTER = 60.0
"""Seconds after which a chat that has not changed is stored again, with the new time."""
KEPT = 86_400.0
"""Seconds: a chat is what people have said, so we do not keep it for long."""
log = logging.getLogger(__name__)


@server_function(durable=False)
def load_lead(record_id: str) -> dict[str, Any] | None:
    """Return the last lead of a record, with its chat; None if the record has never had one.

    `alc_is_away` says that ALC does not answer; the chat is then the one of `seen_at`, if there is one.
    """
    lead, sync = rows_of(record_id)
    if lead is None:
        return None
    result: dict[str, Any] = {
        "status": lead.status,
        "interest": lead.interest,
        "summary": lead.summary,
        "why": lead.why or (sync.why if sync and sync.blocked else None),
        "alc_lead_id": lead.alc_lead_id,
        "transcript": [],
        "seen_at": None,
        "alc_is_away": False,
        "is_connected": True,
    }
    if lead.alc_lead_id is None:
        return result
    result["console_url"] = alc_api.console_url(lead.alc_lead_id)
    try:
        state = alc_api.get_lead(get_workspace_connection(), lead.alc_lead_id)
    except AlcError:
        return result | _cached_chat(lead.alc_lead_id) | {"alc_is_away": True}
    except AttioError:  # not connected: the chat must not be shown any more
        return result | {"is_connected": False}
    chat = _chat(state)
    _cache(lead.alc_lead_id, chat)
    return result | chat


def _chat(lead: LeadState) -> dict[str, Any]:
    transcript = [{"from": line.sender, "text": line.text} for line in lead.transcript]
    return {"transcript": transcript} | ({"summary": lead.summary} if lead.summary else {})


def _cache(alc_lead_id: str, chat: dict[str, Any]) -> None:
    """Store the chat, unless the same one was stored a moment ago: every open page loads it at every message."""
    cached, now = kv.get(f"chat:{alc_lead_id}"), current().now()
    if cached and cached.value["chat"] == chat and now - cached.value["seen_at"] < REWRITE_AFTER:
        return
    try:
        kv.set(f"chat:{alc_lead_id}", {"chat": chat, "seen_at": now}, ttl_in_seconds=KEPT)
    except Exception:  # such as a full disk: the widget works without a cache
        log.warning("The chat of the lead %s could not be cached.", alc_lead_id, exc_info=True)


def _cached_chat(alc_lead_id: str) -> dict[str, Any]:
    cached = kv.get(f"chat:{alc_lead_id}")
    return {**cached.value["chat"], "seen_at": cached.value["seen_at"]} if cached else {}
