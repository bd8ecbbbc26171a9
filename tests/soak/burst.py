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
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import text

from tests.soak.verdicts import Sender, pending_leads, waiting
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
    stack = Stack(home, ALC_APP_DATABASE_URL=database_url)
    attio = ChaosProxy(stack.attio_url)
    stack.attio.arguments += ["--mock-attio-reads-per-second", "0", "--mock-attio-writes-per-second", "0"]
    second = stack.server("worker-1", "", "alc_app", "worker")
    for server in (stack.web, stack.worker, second):
        server.environment["ATTIO_URL"] = attio.url
    stack.servers.append(second)
    with stack:
        return _run(stack, attio, events, random)


def _run(stack: Stack, attio: ChaosProxy, events: int, random: Random) -> Report:
    User(stack.app_url).connect_alc()
    leads = pending_leads(stack, events // 2)
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
    eventually(lambda: not waiting(stack), within=600, what=lambda: waiting(stack))
    report.seconds = time.monotonic() - started
    _fill_report(stack, attio, {v["record_id"]: v["status"] for v in verdicts}, report)
    return report


def _two_verdicts(record_id: str, lead_id: str, random: Random) -> list[dict[str, str]]:
    """Return two verdicts that contradict each other; the second is the newer one."""
    about = {"event": "lead.processed", "lead_id": lead_id, "record_id": record_id}
    statuses = enumerate(random.sample(["Complete", "Failed"], 2))
    return [about | {"status": status, "occurred_at": f"2026-11-20T12:0{minute}:00Z"} for minute, status in statuses]


def _send(stack: Stack, deliveries: Sequence[tuple[str, str]], report: Report) -> None:
    """Send the deliveries as ALC does, from many threads at once."""
    sender = Sender(stack, SENDERS)
    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(lambda delivery: sender.send(*delivery), deliveries))
    report.answers = dict(Counter(status for _, status in answers))
    times = sorted(seconds for seconds, _ in answers)
    report.ack_p50_ms, report.ack_p99_ms = (round(times[int(len(times) * part)] * 1000, 1) for part in (0.5, 0.99))


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
