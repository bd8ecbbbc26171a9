"""The requirements of tests/requirements.yaml: each that is cited is there, and each that is done has its tests."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from tests.support.requirements import FILL, LETTERS, LIST, ROOT, codes, every_test, filled, remarks, sources

Row = dict[str, Any]
TEXT = LIST.read_text()
FIELDS = {"severity", "requirement", "status", "tests"}
pytestmark = pytest.mark.xdist_group("sources")


@cache
def rows() -> dict[str, Row]:
    """Return the list. It is read when a test asks for it, not by each process that collects tests."""
    found: dict[str, Row] = yaml.safe_load(TEXT)
    return found


def assert_none(offenders: list[str], advice: str) -> None:
    """Name all offenders at once, and say what to do about them."""
    assert not offenders, "\n".join([advice, *offenders])


def test_every_requirement_that_is_cited_is_listed() -> None:
    """Whoever meets a code in a comment or a docstring can look up what it asks for."""
    cited = {(path, code) for path in sources() for remark in remarks(path) for code in codes(remark)}
    unknown = sorted(f"{path.relative_to(ROOT)} cites {code}" for path, code in cited if code not in rows())
    assert_none(unknown, "No row of tests/requirements.yaml has these codes:")


def test_every_test_of_a_row_is_there_and_cites_it() -> None:
    """A row that is done is held by one test at least, and nobody lists a test that is about something else."""
    listed = [(code, test) for code, row in rows().items() for test in row["tests"]]
    wrong = [f"{code}: {test} does not exist" for code, test in listed if test not in every_test()]
    wrong += [
        f"{code}: the docstring of {test} does not cite it"
        for code, test in listed
        if test in every_test() and code not in codes(every_test()[test])
    ]
    wrong += [
        f"{code}: it is done, and no test is listed"
        for code, row in rows().items()
        if row["status"] == "done" and not row["tests"]
    ]
    assert_none(wrong, f"To list the tests anew: {FILL}")


def test_every_test_that_cites_a_requirement_is_in_its_row() -> None:
    """So a row shows all that holds it."""
    missing = [
        f"{code}: {test}"
        for test, docstring in every_test().items()
        for code in sorted(codes(docstring))
        if test not in rows().get(code, {"tests": []})["tests"]
    ]
    assert_none(missing, f"Not in the row that they cite. To list the tests anew: {FILL}")


def test_what_is_not_done_says_why_and_what_is_done_does_not() -> None:
    """A reason that outlives its gap would mislead."""
    silent = [f"{code}: {row['status']} without `why`" for code, row in rows().items() if not _is_explained(row)]
    stale = [f"{code}: done, with a `why`" for code, row in rows().items() if row["status"] == "done" and "why" in row]
    assert_none(silent + stale, "`why` belongs to `todo` and `exempt`, and to these only:")


def test_rows_are_whole_and_in_order_without_gaps() -> None:
    """Group by group, as the head of the file explains them."""
    wrong = [f"{code}: {problem}" for code, row in rows().items() if (problem := _problem(row))]
    written = re.findall(r"^(\w+):", TEXT, re.MULTILINE)
    groups = [[code for code in written if code[0] == letter] for letter in LETTERS]
    whole = [f"{letter}{n}" for letter, group in zip(LETTERS, groups, strict=True) for n in range(1, len(group) + 1)]
    wrong += [f"{found} stands where {due} is due" for found, due in zip(written, whole, strict=False) if found != due]
    wrong += written[len(whole) :]
    assert_none(wrong, "tests/requirements.yaml is not in order:")


def test_listing_the_tests_anew_changes_nothing_else() -> None:
    """Comments and words stay, from lists that are as they should be and from none."""
    bare = "".join(line for line in TEXT.splitlines(keepends=True) if not line.startswith("    - "))
    assert filled(bare) == filled(TEXT) == TEXT, f"To list the tests anew: {FILL}"


def _is_explained(row: Row) -> bool:
    return row["status"] == "done" or bool(str(row.get("why") or "").strip())


def _problem(row: Row) -> str:
    """What is wrong with the fields of a row; nothing, when they are as they should be."""
    if missing := FIELDS - set(row):
        return f"without {', '.join(sorted(missing))}"
    if more := set(row) - FIELDS - {"why"}:
        return f"unknown: {', '.join(sorted(more))}"
    if row["severity"] not in ("S1", "S2", "S3", "S4"):
        return "severity is S1 to S4"
    return "" if row["status"] in ("done", "todo", "exempt") else "status is done, todo or exempt"
