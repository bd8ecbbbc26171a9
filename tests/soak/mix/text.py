"""The report as text: a table of the operations, the log's counts, and each broken invariant with its story."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.soak.mix.run import Report

IDS = re.compile(r"\b(msg|lead)_[0-9a-f]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|Person \d+|\d+\.\d")
OUTCOMES = 4
"""Outcomes that are shown of an operation."""


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of the report."""
    pace = report.operations / max(report.seconds, 0.001)
    yield f"  {report.operations} operations in {report.seconds:.1f} s, {pace:.1f} a second; seed {report.seed}"
    yield f"  {report.leads} leads, {report.merges} merges, {report.writes} writes; {report.healing:.1f} s until quiet"
    yield f"  time had to pass {report.days} times until all was right" if report.days else "  time had to pass never"
    for kind, outcomes in report.kinds.items():
        said = Counter[str]()
        for outcome, times in outcomes.items():
            said[_without_ids(outcome)] += times
        shown = "; ".join(f"{outcome[:60]} {times}" for outcome, times in said.most_common(OUTCOMES))
        yield f"  {sum(outcomes.values()):5}  {kind:<22} {shown}"
    for what, times in report.logged.items():
        yield f"  log  {what}: {times}"
    yield from (f"  due later  {what}" for what in report.due_later)
    yield f"  noted: {len(report.noted)} second chats of people who had just been merged"
    yield f"  wrong: {dict(Counter(str(one['rule']) for one in report.wrong)) or 'nothing'}"
    for one in (*report.wrong, *report.noted):
        yield f"\n  [{one['rule']}] {one['text']}"
        yield from (f"      {line}" for line in one["story"])


def _without_ids(outcome: str) -> str:
    """Return an outcome without what differs each time, so that the same ones are counted together."""
    return IDS.sub("…", outcome.partition(": ")[2] or outcome)
