"""The documents of the mock tell the truth: every call, every trouble, every promise with the tests that hold it."""

import re
from pathlib import Path
from typing import get_args

from mock_alc.faults.fault import DeliveryTrouble, RequestTrouble
from tests.unit.mock_alc.support import Alc

TESTS = Path(__file__).parent
DOCS = Path(__file__).parents[3] / "mock_alc" / "docs"
DOOR = (DOCS / "control-door.md").read_text()
GUARANTEES = (DOCS / "webhook-guarantees.md").read_text()


def test_every_call_of_the_control_door_has_its_row(alc: Alc) -> None:
    """And no row names a call that is not there."""
    rules = [rule for rule in alc.app.url_map.iter_rules() if rule.rule.startswith("/_mock")]
    calls = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert set(re.findall(r"^\| `([A-Z]+ /_mock\S*)` \|", DOOR, re.MULTILINE)) == calls


def test_every_trouble_has_its_row() -> None:
    """Both vocabularies, and nothing that is in neither."""
    for heading, known in (("route", RequestTrouble), ("delivery", DeliveryTrouble)):
        table = DOOR.split(f"| trouble of a {heading} |")[1].split("\n\n")[0]
        rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", table, re.MULTILINE)
        assert {name for row in rows for name in re.findall(r"\w+", row)} == set(get_args(known))


def test_every_promise_names_tests_that_are_there() -> None:
    """Issue 5: published text, held by tests."""
    tests = {
        name for path in TESTS.rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    promises = re.findall(r"^\d+\. (.*)$", GUARANTEES, re.MULTILINE)
    assert len(promises) >= 12
    for promise in promises:
        named = set(re.findall(r"`(test_\w+)`", promise))
        assert named, promise
        assert named <= tests, named - tests
