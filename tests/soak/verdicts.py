"""Leads that wait for a verdict, and who sends verdicts as ALC does: what the runs under load share."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import requests
from sqlalchemy import text
from standardwebhooks import Webhook

from alc_app.app import app as manifest
from alc_app.config.settings import Config
from alc_app.leads.models import Lead, RecordSync
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.servers.clients import Attio
from tests.support.servers.stack import Stack


class Sender:
    """Signs and sends verdicts to our handler of `lead.processed`."""

    def __init__(self, stack: Stack, connections: int) -> None:
        """Send over so many connections at most."""
        with closing(open_services(stack)) as services:
            handlers = services.webhook_handlers.of_connection(services.connections.usable_id(WORKSPACE))
            [row] = [row for row in handlers if row.file_name == "lead_processed"]
            self._url = f"{stack.app_url}/hooks/{row.id}"
            self._signer = Webhook(services.webhook_handlers.secrets(row)[0])
        self._session = requests.Session()
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=connections))

    def send(self, webhook_id: str, body: str) -> tuple[float, int]:
        """Send one delivery. Returns the seconds until its answer, and the answer's status."""
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(webhook_id, now, body),
        }
        began = time.monotonic()
        status = self._session.post(self._url, data=body, headers=headers, timeout=30).status_code
        return time.monotonic() - began, status


def pending_leads(stack: Stack, count: int) -> dict[str, str]:
    """Create people with a pending lead, as if each had been sent. Return ALC's lead ids by record id."""
    attio, leads = Attio(stack.attio_url, "e2e-attio-token"), {}
    for number in range(count):
        lead_id = f"lead_{uuid4().hex}"
        values = {"name": f"Person {number}", "alc_status": "Pending", "alc_lead_id": lead_id}
        record = attio.call("POST", "/v2/objects/people/records", {"data": {"values": values}})
        leads[str(record["id"]["record_id"])] = lead_id
    with closing(open_services(stack)) as services, services.database.transaction() as session:
        for record_id, lead_id in leads.items():
            now, of_record = time.time(), {"workspace_id": WORKSPACE, "record_id": record_id}
            sent = {"status": "pending", "alc_lead_id": lead_id, "created_at": now, "due_at": now + 86_400}
            session.add(Lead(id=uuid4().hex, alc_record_id=record_id, **of_record, **sent))
            shown = {"alc_lead_id": lead_id, "alc_status": "Pending", "version": 1, "shown_version": 1}
            session.add(RecordSync(**of_record, **shown))
    return leads


def open_services(stack: Stack) -> Services:
    """Open the stores of the running processes."""
    names = {field.alias for field in Config.model_fields.values()}
    settings = {name: value for name, value in stack.settings.items() if name in names}
    return Services(Config.model_validate(settings), manifest)


def waiting(stack: Stack) -> dict[str, int]:
    """Count deliveries that are not processed, and leads that their record does not show."""
    waiting = {
        "inbox": "select count(*) from delivery where state in ('new', 'queued')",
        "app": "select count(*) from record_sync where shown_version < version",
    }
    found = {}
    for name, query in waiting.items():
        with stack.sql(name) as connection:
            found[name] = connection.execute(text(query)).scalar_one()
    return {name: count for name, count in found.items() if count}
