"""Send a thousand shuffled verdicts at once, some of them twice, while Attio takes 25 writes a second.

One of two workers is killed midway. In the end every record shows its latest verdict, Attio has answered no write with
429, no write has repeated a value, and every delivery that was answered with 2xx has been processed.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import uuid4

import requests
from sqlalchemy import text
from standardwebhooks import Webhook

from alc_app.app import app as manifest
from alc_app.config.settings import Config
from alc_app.leads.models import Lead, RecordSync
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.chaos.proxy import ChaosProxy, Exchange, answered
from tests.support.people import User
from tests.support.servers.clients import Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

SENDERS = 16
LIMIT = 25


@dataclass
class Report:
    """What was measured. The run has passed if `wrong` is empty."""

    events: int
    deliveries: int
    records: int
    answers: dict[int, int] = field(default_factory=dict)
    """Deliveries by the HTTP status of their response."""
    ack_p50_ms: float = 0.0
    ack_p99_ms: float = 0.0
    transitions: int = 0
    """Changes of `alc_status` that the records' histories show."""
    writes: int = 0
    """Writes of `alc_status` that Attio has answered with 200."""
    slowed_down: int = 0
    """Writes that Attio has answered with 429."""
    most_in_a_second: int = 0
    writes_per_second: float = 0.0
    seconds: float = 0.0
    wrong: dict[str, int] = field(default_factory=dict)


def run(events: int, seed: int, home: Path, database_url: str = "") -> Report:
    """Run with real processes in `home`, on SQLite or on a migrated Postgres."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    settings = {"ALC_APP_DATABASE_URL": database_url} if database_url else {}
    stack = Stack(home, **settings)
    attio = ChaosProxy(stack.attio_url)
    stack.attio.arguments += ["--reads-per-second", "0", "--writes-per-second", "0"]
    second = stack.server("worker-1", "", "alc_app", "worker")
    for server in (stack.web, stack.worker, second):
        server.environment["ATTIO_URL"] = attio.url
    stack.servers.append(second)
    with stack:
        return _run(stack, attio, events, random)


def _run(stack: Stack, attio: ChaosProxy, events: int, random: Random) -> Report:
    User(stack.app_url).connect_alc()
    leads = _pending_leads(stack, events // 2)
    stack.attio.stop()
    stack.attio.arguments[-1] = str(LIMIT)
    stack.attio.start()
    verdicts = [verdict for lead in leads.items() for verdict in _two_verdicts(*lead, random)]
    deliveries = [(f"msg_{number}", json.dumps(verdict)) for number, verdict in enumerate(verdicts)]
    deliveries += random.sample(deliveries, events // 10)
    random.shuffle(deliveries)
    report, started = Report(len(verdicts), len(deliveries), len(leads)), time.monotonic()
    _send(stack, deliveries, report)
    eventually(lambda: len(_writes(attio)) > len(leads) // 2, within=300, what=lambda: len(_writes(attio)))
    stack.worker.kill()
    eventually(lambda: not _waiting(stack), within=600, what=lambda: _waiting(stack))
    report.seconds = time.monotonic() - started
    _fill_report(stack, attio, {v["record_id"]: v["status"] for v in verdicts}, report)
    return report


def _pending_leads(stack: Stack, count: int) -> dict[str, str]:
    """Create people with a pending lead, as if each had been sent. Return ALC's lead ids by record id."""
    attio, leads = Attio(stack.attio_url, "e2e-attio-token"), {}
    for number in range(count):
        lead_id = f"lead_{uuid4().hex}"
        values = {"name": f"Person {number}", "alc_status": "Pending", "alc_lead_id": lead_id}
        record = attio.call("POST", "/v2/objects/people/records", {"data": {"values": values}})
        leads[str(record["id"]["record_id"])] = lead_id
    with closing(_services(stack)) as services, services.database.transaction() as session:
        for record_id, lead_id in leads.items():
            now, of_record = time.time(), {"workspace_id": WORKSPACE, "record_id": record_id}
            sent = {"status": "pending", "alc_lead_id": lead_id, "created_at": now, "due_at": now + 86_400}
            session.add(Lead(id=uuid4().hex, alc_record_id=record_id, **of_record, **sent))
            shown = {"alc_lead_id": lead_id, "alc_status": "Pending", "version": 1, "shown_version": 1}
            session.add(RecordSync(**of_record, **shown))
    return leads


def _two_verdicts(record_id: str, lead_id: str, random: Random) -> list[dict[str, str]]:
    """Return two verdicts that contradict each other; the second is the newer one."""
    about = {"event": "lead.processed", "lead_id": lead_id, "record_id": record_id}
    statuses = enumerate(random.sample(["Complete", "Failed"], 2))
    return [about | {"status": status, "occurred_at": f"2026-11-20T12:0{minute}:00Z"} for minute, status in statuses]


def _send(stack: Stack, deliveries: Sequence[tuple[str, str]], report: Report) -> None:
    """Send the deliveries as ALC does, from many threads at once."""
    with closing(_services(stack)) as services:
        handlers = services.webhook_handlers.of_connection(services.connections.usable_id(WORKSPACE))
        [row] = [row for row in handlers if row.file_name == "lead_processed"]
        url, signer = f"{stack.app_url}/hooks/{row.id}", Webhook(services.webhook_handlers.secrets(row)[0])
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=SENDERS))

    def send(delivery: tuple[str, str]) -> tuple[float, int]:
        webhook_id, body = delivery
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(webhook_id, now, body),
        }
        began = time.monotonic()
        status = session.post(url, data=body, headers=headers, timeout=30).status_code
        return time.monotonic() - began, status

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(send, deliveries))
    report.answers = dict(Counter(status for _, status in answers))
    times = sorted(seconds for seconds, _ in answers)
    report.ack_p50_ms, report.ack_p99_ms = (round(times[int(len(times) * part)] * 1000, 1) for part in (0.5, 0.99))


def _services(stack: Stack) -> Services:
    """Open the stores of the running processes."""
    names = {field.alias for field in Config.model_fields.values()}
    settings = {name: value for name, value in stack.settings.items() if name in names}
    return Services(Config.model_validate(settings), manifest)


def _waiting(stack: Stack) -> dict[str, int]:
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


def _fill_report(stack: Stack, proxy: ChaosProxy, final: Mapping[str, str], report: Report) -> None:
    attio, writes = Attio(stack.attio_url, "e2e-attio-token"), _writes(proxy)
    histories = {record_id: attio.history(record_id, "alc_status") for record_id in final}
    report.transitions = sum(len(history) - 1 for history in histories.values())
    report.slowed_down = sum(answered(write) == 429 for write in writes)
    report.writes = sum(answered(write) == 200 for write in writes)
    moments = [write.at for write in writes]
    report.most_in_a_second = max(sum(begin <= at < begin + 1 for at in moments) for begin in moments)
    report.writes_per_second = round(len(moments) / (max(moments) - min(moments)), 1)
    with stack.sql("inbox") as connection:
        # Attio's own deliveries have other ids.
        ended = "select count(*) from delivery where state = 'done' and webhook_id like 'msg_%'"
        done = connection.execute(text(ended)).scalar_one()
    wrong = {
        "records in a wrong final state": sum(histories[who][-1] != status for who, status in final.items()),
        "deliveries that are lost": report.events - done,
        "answers that are not 200": report.deliveries - report.answers.get(200, 0),
        "writes that changed nothing": report.writes - report.transitions,
        "seconds with too many writes": sum(sum(b <= at < b + 1 for at in moments) > LIMIT + 1 for b in moments),
    }
    report.wrong = {what: count for what, count in wrong.items() if count}


def _writes(proxy: ChaosProxy) -> list[Exchange]:
    return [exchange for exchange in proxy.sent("PATCH /v2/objects/people") if exchange.answers]
