"""Measure how soon a delivery is answered, at a hundred a second, while a worker drains a backlog at Attio's pace."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from alc_app.runtime.services import WORKSPACE
from tests.soak.burst import LIMIT
from tests.soak.intake.load import Answers, as_fast_as_answered, paced
from tests.soak.intake.sender import Sender
from tests.soak.verdicts import open_services, pending_leads
from tests.support.people import User
from tests.support.servers.stack import Stack

PER_SECOND = 100
BACKLOG = 500


def run(home: Path, database_url: str, seconds: int) -> Answers:
    """Return the answers, with real processes in `home`, on SQLite or on a migrated Postgres."""
    home.mkdir()
    stack = Stack(home, ALC_APP_DATABASE_URL=database_url)
    stack.attio.arguments += ["--mock-attio-reads-per-second", "0", "--mock-attio-writes-per-second", "0"]
    with stack:
        User(stack.app_url).connect_alc()
        leads = pending_leads(stack, BACKLOG)
        stack.attio.stop()
        stack.attio.arguments[-1] = str(LIMIT)
        stack.attio.start()
        sender, port = _sender(stack), int(stack.app_url.rpartition(":")[2])
        as_fast_as_answered(port, [sender.request(_verdict(*lead)) for lead in leads.items()], seconds=60)
        return paced(port, [sender.request() for _ in range(PER_SECOND * seconds)], PER_SECOND)


def _verdict(record_id: str, lead_id: str) -> bytes:
    about = {"event": "lead.processed", "lead_id": lead_id, "record_id": record_id}
    return json.dumps(about | {"status": "Complete", "occurred_at": "2026-11-20T12:00:00Z"}).encode()


def _sender(stack: Stack) -> Sender:
    with closing(open_services(stack)) as services:
        handlers = services.webhook_handlers.of_connection(services.connections.usable_id(WORKSPACE))
        [row] = [row for row in handlers if row.file_name == "lead_processed"]
        return Sender(row.id, services.webhook_handlers.secrets(row)[0])
