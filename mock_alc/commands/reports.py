"""Prints the report of a grading: a table of all checks, then each failure with its remedy."""

import json

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mock_alc.grading.report import FAILED, NOT_SEEN, PASSED, Report, Result

MARKS = {PASSED: ("✓", "green"), FAILED: ("✗", "red"), NOT_SEEN: ("–", "yellow")}
SHOWN = 4


def print_report(report: Report, *, as_json: bool) -> None:
    """Print the report and end the program: 0 with full marks, else 1."""
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        _show(report)
    raise SystemExit(0 if report.full_marks else 1)


def _show(report: Report) -> None:
    console = Console(highlight=False)
    table = Table(box=None, padding=(0, 1), title=Text(report.subject, "bold"), title_justify="left")
    for name in ("", "check", "what came back"):
        table.add_column(name, header_style="dim", overflow="fold")
    for result in report.results:
        table.add_row(Text(*MARKS[result.outcome]), Text(result.title), Text(_in_short(result), "dim"))
    console.print(table)
    for result in report.failed:
        _explain(console, result)
    for remark in report.remarks:
        console.print(Text.assemble(("\nDiagnosis: ", "bold yellow"), remark))
    score = f"\n{report.passed} of {len(report.results)} checks passed"
    unseen = sum(result.outcome == NOT_SEEN for result in report.results)
    console.print(Text(f"{score}; {unseen} could not run." if unseen else f"{score}.", "bold"))


def _in_short(result: Result) -> str:
    """Return the answers with equal ones counted, such as `200 ×10`."""
    counted: dict[str, int] = {}
    for answer in result.came_back:
        first = answer.split(" ", 1)[0] if answer[:3].isdigit() else answer
        counted[first] = counted.get(first, 0) + 1
    return ", ".join(f"{answer} ×{count}" if count > 1 else answer for answer, count in counted.items())


def _explain(console: Console, result: Result) -> None:
    console.print(Text.assemble("\n", ("✗ ", "red"), (result.title, "bold"), (f"  [{result.name}]", "dim")))
    pairs = list(zip(result.sent, result.came_back, strict=False))
    rows = [("", result.complaint), *((f"sent: {sent}", f"→ {answer}") for sent, answer in pairs[:SHOWN])]
    for left, right in rows:
        console.print(Padding(Text.assemble((f"{left} " if left else "", "dim"), right), (0, 0, 0, 2)))
    if len(pairs) > SHOWN:
        console.print(Padding(Text(f"and {len(pairs) - SHOWN} more", "dim"), (0, 0, 0, 2)))
    for name, text in (("why ", result.why), ("mend", result.remedy)):
        console.print(Padding(Text.assemble((f"{name} ", "cyan"), text), (0, 0, 0, 2)))
