"""What a run has measured, as a table or as JSON: each row beside its goal."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Row:
    """One line of the table: what was measured, and the goal, which is "" where there is none."""

    what: str
    measured: float
    goal: str = ""


@dataclass
class Report:
    """What was measured. The run has passed if `wrong` is empty; a goal that is missed is no error."""

    rows: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, what: str, measured: float, goal: str = "") -> None:
        """Add a row, with as many digits as mean something."""
        self.rows.append(Row(what, round(measured, 1 if measured >= 10 else 2), goal))


def to_text(reports: Mapping[str, Report]) -> str:
    """Return a table for each report, by its title."""
    lines = []
    for title, report in reports.items():
        lines += [f"{title:<66} {'measured':>10}  goal"]
        lines += [f"{row.what:<66} {row.measured:>10g}  {row.goal}".rstrip() for row in report.rows]
        lines += [f"wrong: {what}" for what in report.wrong]
    return "\n".join(lines)


def to_json(reports: Mapping[str, Report]) -> str:
    """Return the reports by their titles."""
    return json.dumps(
        {title: dataclasses.asdict(report) for title, report in reports.items()}, ensure_ascii=False, indent=2
    )
