"""The room's README is complete: every call, trouble, verb and setting, and none that is not there."""

import re
from dataclasses import fields
from inspect import getmembers, isfunction
from pathlib import Path
from typing import get_args

from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.faults import TROUBLES
from alc_app.mock_attio.testing import Attio as Fixture
from mock_alc.double.fault import DeliveryTrouble, RequestTrouble
from tests.unit.mock_attio.conftest import Attio

README = (Path(__file__).parents[3] / "alc_app/mock_attio/README.md").read_text()


def names(heading: str) -> set[str]:
    """Return the names in the first column of the table below a heading of the README."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)", row)}


def test_every_call_of_the_control_api_has_its_row(attio: Attio) -> None:
    """And no row names a call that is not there."""
    rules = [rule for rule in attio.app.url_map.iter_rules() if rule.rule.startswith("/_mock")]
    calls = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert set(re.findall(r"^\| `([A-Z]+ /_mock\S*)` \|", README, re.MULTILINE)) == calls


def test_every_trouble_is_named() -> None:
    """Of routes and of deliveries."""
    for row, of_kind in (("a route", RequestTrouble), ("a delivery", DeliveryTrouble)):
        named = re.findall(rf"^\| {row} \| (.*) \|$", README, re.MULTILINE)[0]
        assert set(re.findall(r"`(\w+)`", named)) == set(TROUBLES) & set(get_args(of_kind))


def test_every_verb_has_its_row() -> None:
    """The table is all that a tester reads."""
    verbs = {name for name, _ in getmembers(Fixture, isfunction) if not name.startswith("_")} - {"stop_serving"}
    section = README.split("\n## Fixtures\n")[1].split("\n## ")[0]
    assert verbs <= set(re.findall(r"`(\w+)\(", section))


def test_every_setting_has_its_row() -> None:
    """And no row names one that is not there."""
    assert names("Settings") == {field.name for field in fields(MockAttioConfig)}
