"""The documents of the mock are complete: every call, fault, setting and flag, and every promise with its tests."""

import re
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import SecretStr

from mock_alc.commands.cli import main
from mock_alc.config import Config
from mock_alc.double.fault import DeliveryTrouble, RequestTrouble
from mock_alc.signing import DIALECTS
from tests.unit.mock_alc.support import Alc

TESTS = Path(__file__).parent
DOCS = Path(__file__).parents[3] / "mock_alc" / "docs"
README = (DOCS.parent / "README.md").read_text()
CONTROL_API = (DOCS / "control-api.md").read_text()
GUARANTEES = (DOCS / "webhook-guarantees.md").read_text()


def test_every_call_of_the_control_api_has_its_row(alc: Alc) -> None:
    """And no row names a call that is not there."""
    rules = [rule for rule in alc.app.url_map.iter_rules() if rule.rule.startswith("/_mock")]
    calls = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert set(re.findall(r"^\| `([A-Z]+ /_mock\S*)` \|", CONTROL_API, re.MULTILINE)) == calls


def test_every_trouble_has_its_row() -> None:
    """Of routes and of deliveries; and no row names a trouble that is not there."""
    for heading, known in (("route", RequestTrouble), ("delivery", DeliveryTrouble)):
        table = CONTROL_API.split(f"| trouble of a {heading} |")[1].split("\n\n")[0]
        rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", table, re.MULTILINE)
        assert {name for row in rows for name in re.findall(r"\w+", row)} == set(get_args(known))


def test_every_promise_names_tests_that_are_there() -> None:
    """Each promise names the tests that check it."""
    tests = {
        name for path in TESTS.rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    promises = re.findall(r"^\d+\. (.*)$", GUARANTEES, re.MULTILINE)
    assert len(promises) >= 12
    for promise in promises:
        named = set(re.findall(r"`(test_\w+)`", promise))
        assert named, promise
        assert named <= tests, named - tests


def default_text(value: Any) -> str:
    """Return a default as the table shows it."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    elif isinstance(value, tuple):
        value = ",".join(f"{item:g}" for item in value)
    elif isinstance(value, float):
        value = f"{value:g}"
    return "" if value in ("", None) else f"`{value}`"


def test_every_setting_has_its_row_with_flag_variable_default_and_meaning() -> None:
    """And no row names a setting or a flag that is not there."""
    serve = main.commands["serve"]
    flags = {option.name: f"`{option.opts[0]}`" for option in serve.params if isinstance(option, click.Option)}
    expected = [
        f"| {flags.pop(name, '')} | `MOCK_ALC_{name.upper()}` | {default_text(field.default)} | {field.description} |"
        for name, field in Config.model_fields.items()
    ]
    rows = re.findall(r"^\|[^|]*\| `MOCK_ALC_\w+` \|.*$", README, re.MULTILINE)
    assert rows == [re.sub(r" +", " ", row) for row in expected]
    assert not flags


def test_every_dialect_has_its_row_with_its_headers() -> None:
    """And no row names a dialect that is not there."""
    table = README.split("| `--dialect` |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)`[^|]* \|([^|]*)\|", table, re.MULTILINE))
    assert set(rows) == set(DIALECTS)
    for name, row in DIALECTS.items():
        assert not [header for header in (*row.header_names.values(), *row.copies) if header not in rows[name]]
