"""How long a verdict takes from its delivery to the write to Attio, and a click to its toast; and what both cost.

Verdicts are sent at fixed times, whether or not the one before is done: so a server that falls behind shows it. Then a
backlog is sent at once, which Attio's 25 writes a second hold up, and clicks one after another.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.soak.processes import processor_seconds
from tests.soak.verdicts import Sender, pending_leads, waiting
from tests.support.chaos.proxy import ChaosProxy, Exchange, answered
from tests.support.people import User
from tests.support.servers.clients import Attio
from tests.support.servers.proxied_stack import ProxiedStack
from tests.support.waiting import eventually

LIMIT = 25
"""Writes a second that Attio takes."""
UPSTREAM = ("GET /v2/objects/people", "POST /api/v1/leads", "PATCH /v2/objects/people")
"""The calls that a click waits for, whatever we do."""


@dataclass
class Report:
    """What was measured. The run has passed if `wrong` is empty."""

    verdicts: int
    per_second: float
    to_write_p50_ms: float = 0.0
    to_write_p99_ms: float = 0.0
    """From the sending of a delivery to the arrival of the write at Attio."""
    processor_ms: float = 0.0
    """Processor time for each verdict: web, worker and stand-in together."""
    of_which: dict[str, float] = field(default_factory=dict)
    backlog: int = 0
    backlog_by_limit: float = 0.0
    """Writes a second while the backlog drains, as a part of the 25."""
    most_in_a_second: int = 0
    clicks: int = 0
    click_p50_ms: float = 0.0
    """From the click to the toast, less the calls to ALC and Attio."""
    wrong: list[str] = field(default_factory=list)


def run(
    verdicts: int, per_second: float, backlog: int, clicks: int, home: Path, database_url: str = "", limit: int = LIMIT
) -> Report:
    """Run with real processes in `home`, on SQLite or on a migrated Postgres. `limit` 0: Attio takes all writes."""
    settings = {"ALC_APP_DATABASE_URL": database_url} if database_url else {}
    stack = ProxiedStack(home, one_process=False, **settings)
    attio = stack.to_attio
    stack.attio.arguments += ["--mock-attio-reads-per-second", "0", "--mock-attio-writes-per-second", "0"]
    with stack:
        User(stack.app_url).connect_alc()
        leads = list(pending_leads(stack, verdicts + backlog).items())
        crm = Attio(stack.attio_url, "e2e-attio-token")
        people = [crm.add_person(f"Person {number}", f"+44207946{number:04}") for number in range(clicks + 1)]
        stack.attio.stop()
        stack.attio.arguments[-1] = str(limit)
        stack.attio.start()
        report = Report(verdicts, per_second, backlog=backlog, clicks=clicks)
        _measure_verdicts(stack, attio, leads[:verdicts], report)
        if backlog:
            _measure_backlog(stack, attio, leads[verdicts:], report, limit)
        if clicks:
            _measure_clicks(stack, people, report)
    return report


def _measure_verdicts(stack: ProxiedStack, attio: ChaosProxy, leads: Sequence[tuple[str, str]], report: Report) -> None:
    """Send each verdict when its time has come, and find the write that it has caused."""
    sender, sent = Sender(stack, 64), dict[str, float]()
    processes = [stack.web, stack.worker, stack.attio]
    used = {server.name: processor_seconds([server.pid]) for server in processes}
    start = time.time() + 0.5

    def send(number: int) -> None:
        record_id, lead_id = leads[number]
        time.sleep(max(start + number / report.per_second - time.time(), 0))
        sent[record_id] = time.time()
        sender.send(f"msg_{record_id}", _verdict(record_id, lead_id))

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(send, range(len(leads))))
    _until_calm(stack)
    for server in processes:
        report.of_which[server.name] = _ms((processor_seconds([server.pid]) - used[server.name]) / len(leads))
    report.processor_ms = round(sum(report.of_which.values()), 1)
    written = {write.line.rpartition("/")[2]: write.at for write in _writes(attio)}
    report.wrong += [f"{record_id} was not written." for record_id in sent.keys() - written.keys()]
    took = sorted(written[record_id] - at for record_id, at in sent.items() if record_id in written)
    report.to_write_p50_ms, report.to_write_p99_ms = (_ms(took[int(len(took) * part)]) for part in (0.5, 0.99))


def _measure_backlog(
    stack: ProxiedStack, attio: ChaosProxy, leads: Sequence[tuple[str, str]], report: Report, limit: int
) -> None:
    """Send everything at once. Attio's limit holds it up, and nothing else should."""
    sender, before = Sender(stack, 16), len(_writes(attio))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda lead: sender.send(f"msg_{lead[0]}", _verdict(*lead)), leads))
    _until_calm(stack)
    writes = _writes(attio)[before:]
    moments = [write.at for write in writes]
    report.most_in_a_second = max(sum(begin <= at < begin + 1 for at in moments) for begin in moments)
    report.backlog_by_limit = round(len(moments) / (max(moments) - min(moments)) / (limit or LIMIT), 2)
    if refused := sum(answered(write) == 429 for write in writes):
        report.wrong.append(f"Attio has answered 429 to {refused} writes.")


def _measure_clicks(stack: ProxiedStack, people: Sequence[str], report: Report) -> None:
    """Press Send on one person after another."""
    proxies = (stack.to_alc, stack.to_attio)
    user, took = User(stack.app_url), list[float]()
    for record_id in people:
        before = [len(proxy.seen) for proxy in proxies]
        began = time.monotonic()
        effects = user.click_send(record_id)
        seconds = time.monotonic() - began
        upstream = [e for proxy, n in zip(proxies, before, strict=True) for e in proxy.seen[n:]]
        took.append(seconds - sum(e.seconds for e in upstream if e.line.startswith(UPSTREAM)))
        if "Successfully sent to ALC!" not in str(effects):
            report.wrong.append(f"A click was answered with {effects}.")
    report.click_p50_ms = _ms(median(took[1:]))


def _until_calm(stack: ProxiedStack) -> None:
    eventually(lambda: not waiting(stack), within=600, what=lambda: waiting(stack))


def _verdict(record_id: str, lead_id: str) -> str:
    about = {"event": "lead.processed", "lead_id": lead_id, "record_id": record_id}
    return json.dumps({**about, "status": "Complete", "occurred_at": "2026-11-20T12:00:00Z"})


def _writes(proxy: ChaosProxy) -> list[Exchange]:
    return [exchange for exchange in proxy.sent("PATCH /v2/objects/people") if exchange.answers]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
