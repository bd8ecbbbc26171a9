"""Check the invariants I1 to I6 on running servers, when no work is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import text

from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack

TOKENS_OF_REMOVED = "select count(*) from connection where status = 'removed' and access_token || refresh_token != ''"
STUCK_ROWS = {
    "app": [
        "select count(*) from lead where status = 'sending' and due_at is null",
        "select count(*) from lead where status = 'pending' and due_at is null",
        "select count(*) from record_sync where shown_version < version and due_at is null and blocked <> 'gone'",
        "select count(*) from connection where status in ('adding', 'removing') and due_at is null",
    ],
    "inbox": ["select count(*) from delivery where state in ('new', 'queued') and due_at is null"],
}


def violations(stack: Stack, alc: Alc, attio: Attio) -> Iterator[str]:
    """Yield a text for each violation of an invariant."""
    leads = alc.leads()
    chats = Counter(lead["record_id"] for lead in leads if lead["status"] == "processing")
    yield from (f"I1: {count} chats with {record}" for record, count in chats.items() if count > 1)
    yield from _webhooks(stack, alc)
    stored = {row[0] for row in _rows(stack, "inbox", "select webhook_id from delivery")}
    taken = [d["id"] for d in alc.deliveries() if any((a["status"] or 0) // 100 == 2 for a in d["attempts"])]
    yield from (
        f"I3: {delivery} was answered with 2xx and is not stored" for delivery in taken if delivery not in stored
    )
    yield from _statuses(stack, attio)
    if (count := _rows(stack, "app", TOKENS_OF_REMOVED)[0][0]) > 0:
        yield f"I5: {count} removed connections have tokens"
    for name, queries in STUCK_ROWS.items():
        yield from (f"I6: {query}" for query in queries if _rows(stack, name, query)[0][0])


def _webhooks(stack: Stack, alc: Alc) -> Iterator[str]:
    at_alc = Counter(webhook["name"] for webhook in alc.webhooks())
    ours = "select id from webhook_handler where deleted_at is null and signed_by = 'standard_webhooks'"
    here = Counter(row[0] for row in _rows(stack, "app", ours))
    if at_alc != here:
        yield f"I2: ALC calls {dict(at_alc)}, and we have {dict(here)}"


def _statuses(stack: Stack, attio: Attio) -> Iterator[str]:
    """Compare each record that exists with what it should show."""
    query = "select record_id, alc_status from record_sync where version > 0 and coalesce(blocked, '') <> 'gone'"
    for record_id, status in _rows(stack, "app", query):
        if (shown := attio.value(record_id, "alc_status")) != status:
            yield f"I4: {record_id} says {shown}, and should say {status}"


def _rows(stack: Stack, name: str, query: str) -> list[tuple[str, ...]]:
    with stack.sql(name) as connection:
        return [tuple(row) for row in connection.execute(text(query))]
