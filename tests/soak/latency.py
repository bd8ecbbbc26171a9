"""How long a verdict takes from its delivery to the write to Attio, and what it costs.

Verdicts are sent at fixed times, whether or not the one before is done: so a server that falls behind shows it. Then a
backlog is sent at once, which Attio's 25 writes a second hold up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.soak.processes import processor_seconds
from tests.soak.table import Report
from tests.soak.verdicts import Sender, pending_leads, waiting
from tests.support.chaos.proxy import Exchange, answered
from tests.support.people import User
from tests.support.servers.proxied_stack import ProxiedStack
from tests.support.waiting import eventually

LIMIT = 25
"""Writes a second that Attio takes."""


def run(
    verdicts: int, per_second: float, backlog: int, home: Path, database_url: str = "", limit: int = LIMIT
) -> Report:
    """Run with real processes in `home`, on SQLite or on a migrated Postgres. `limit` 0: Attio takes all writes."""
    stack = ProxiedStack(home, one_process=False, ALC_APP_DATABASE_URL=database_url)
    stack.attio.arguments += ["--mock-attio-reads-per-second", "0", "--mock-attio-writes-per-second", "0"]
    with stack:
        User(stack.app_url).connect_alc()
        leads = list(pending_leads(stack, verdicts + backlog).items())
        stack.attio.stop()
        stack.attio.arguments[-1] = str(limit)
        stack.attio.start()
        report = Report()
        _measure_verdicts(stack, leads[:verdicts], per_second, report)
        if backlog:
            _measure_backlog(stack, leads[verdicts:], limit, report)
    return report


def _measure_verdicts(stack: ProxiedStack, leads: Sequence[tuple[str, str]], per_second: float, report: Report) -> None:
    """Send each verdict when its time has come, and find the write that it has caused."""
    sender, sent = Sender(stack, 64), dict[str, float]()
    processes = [stack.web, stack.worker, stack.attio]
    used = {server.name: processor_seconds([server.pid]) for server in processes}
    start = time.time() + 0.5

    def send(number: int) -> None:
        record_id, lead_id = leads[number]
        time.sleep(max(start + number / per_second - time.time(), 0))
        sent[record_id] = time.time()
        sender.send(f"msg_{record_id}", _verdict(record_id, lead_id))

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(send, range(len(leads))))
    _until_calm(stack)
    used = {one.name: (processor_seconds([one.pid]) - used[one.name]) / len(leads) * 1000 for one in processes}
    written = {write.line.rpartition("/")[2]: write.at for write in _writes(stack)}
    report.wrong += [f"{record_id} was not written." for record_id in sent.keys() - written.keys()]
    took = sorted(written[record_id] - at for record_id, at in sent.items() if record_id in written)
    for part, goal in ((0.5, "≤ 40"), (0.99, "≤ 150")):
        what = f"verdict → its write to Attio, at {per_second:g}/s, p{part * 100:.0f}, ms"
        report.add(what, took[int(len(took) * part)] * 1000, goal)
    report.add("processor for a verdict: web, worker and stand-in, ms", sum(used.values()), "≤ 30")
    for name, milliseconds in used.items():
        report.add(f"  of which {name}, ms", milliseconds)


def _measure_backlog(stack: ProxiedStack, leads: Sequence[tuple[str, str]], limit: int, report: Report) -> None:
    """Send everything at once. Attio's limit holds it up, and nothing else should."""
    sender, before = Sender(stack, 16), len(_writes(stack))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda lead: sender.send(f"msg_{lead[0]}", _verdict(*lead)), leads))
    _until_calm(stack)
    writes = _writes(stack)[before:]
    moments = [write.at for write in writes]
    rate = len(moments) / (max(moments) - min(moments))
    if limit:
        report.add(f"writes of a backlog ÷ Attio's {limit}/s", rate / limit, "≥ 0.97")
        most = max(sum(begin <= at < begin + 1 for at in moments) for begin in moments)
        report.add("  most of them in a second", most, f"≤ {limit}")
    else:
        report.add("writes of a backlog a second, at an Attio without a limit", rate)
    if refused := sum(answered(write) == 429 for write in writes):
        report.wrong.append(f"Attio has answered 429 to {refused} writes.")


def _until_calm(stack: ProxiedStack) -> None:
    eventually(lambda: not waiting(stack), within=600, what=lambda: waiting(stack))


def _verdict(record_id: str, lead_id: str) -> str:
    about = {"event": "lead.processed", "lead_id": lead_id, "record_id": record_id}
    return json.dumps({**about, "status": "Complete", "occurred_at": "2026-11-20T12:00:00Z"})


def _writes(stack: ProxiedStack) -> list[Exchange]:
    return [exchange for exchange in stack.to_attio.sent("PATCH /v2/objects/people") if exchange.answers]
