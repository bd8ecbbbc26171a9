"""How long a person waits from a click on Send until the toast, beside the calls to ALC and Attio that it makes."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from tests.soak.table import Report
from tests.support.people import User
from tests.support.servers.clients import Attio
from tests.support.servers.proxied_stack import ProxiedStack

UPSTREAM = ("GET /v2/objects/people", "POST /api/v1/leads", "PATCH /v2/objects/people")
"""The calls that a click waits for, whatever we do."""


def run(clicks: int, home: Path, database_url: str = "") -> Report:
    """Press Send on one person after another, with real processes in `home`. The first click warms up."""
    stack = ProxiedStack(home, one_process=False, ALC_APP_DATABASE_URL=database_url)
    with stack:
        user, crm, report = User(stack.app_url), Attio(stack.attio_url, "e2e-attio-token"), Report()
        user.connect_alc()
        people = [crm.add_person(f"Person {number}", f"+44207946{number:04}") for number in range(clicks + 1)]
        took = [_click(stack, user, record_id, report) for record_id in people][1:]
    report.add("click → toast, less the calls to ALC and Attio, p50, ms", median(ours for ours, _ in took), "≤ 80")
    report.add("  those calls, p50, ms", median(theirs for _, theirs in took))
    return report


def _click(stack: ProxiedStack, user: User, record_id: str, report: Report) -> tuple[float, float]:
    """Press Send. Return the milliseconds that the app took itself, and those of the calls."""
    proxies = (stack.to_alc, stack.to_attio)
    before = [len(proxy.seen) for proxy in proxies]
    began = time.monotonic()
    effects = user.click_send(record_id)
    took = time.monotonic() - began
    calls = [call for proxy, number in zip(proxies, before, strict=True) for call in proxy.seen[number:]]
    theirs = sum(call.seconds for call in calls if call.line.startswith(UPSTREAM))
    if "Successfully sent to ALC!" not in str(effects):
        report.wrong.append(f"A click was answered with {effects}.")
    return (took - theirs) * 1000, theirs * 1000
