"""`alc-app why`: the explanation of a record in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alc_app.cli.commands import main
from tests.support.chaos.proxy import ChaosProxy, answers

RECORD = "11111111-1111-4111-8111-111111111111"
JSON = ("Content-Type", "application/json")
ADA = {"id": {"record_id": RECORD}, "created_at": "2026-11-20T12:00:00Z", "values": {"name": [{"full_name": "Ada"}]}}


@pytest.fixture
def attio() -> Iterator[ChaosProxy]:
    """An Attio that is nothing but its rules."""
    server = ChaosProxy()
    yield server
    server.close()


def why(attio: ChaosProxy, home: Path) -> Result:
    """Run the command on a new database."""
    settings = {"ALC_APP_HOME": str(home), "ATTIO_URL": attio.url, "MOCK_ATTIO_TOKEN": "t"}
    return CliRunner().invoke(main, ["why", RECORD], env=settings)


def test_it_prints_the_paragraph_and_where_to_go(attio: ChaosProxy, tmp_path: Path) -> None:
    """The same sentences as on the page."""
    attio.always("GET /v2/objects/people/records/", answers(200, json.dumps({"data": ADA}).encode(), JSON))

    printed = why(attio, tmp_path).output

    assert printed.startswith("Ada has not been sent to ALC. The record shows no status. To send Ada, connect Acme")
    assert printed.strip().endswith("/apps/alc")


def test_a_name_does_not_command_the_terminal(attio: ChaosProxy, tmp_path: Path) -> None:
    """U8: anybody who fills in a form may get a name into the CRM; this one would change the window's title."""
    named = ADA | {"values": {"name": [{"full_name": "Ada\x1b]0;Root\x07\u202e\nComplete."}]}}
    attio.always("GET /v2/objects/people/records/", answers(200, json.dumps({"data": named}).encode(), JSON))

    printed = why(attio, tmp_path).output

    assert printed.startswith(r"Ada\x1b]0;Root\x07\u202e\nComplete. has not been sent to ALC.")


def test_a_record_that_nobody_knows_is_told_so(attio: ChaosProxy, tmp_path: Path) -> None:
    """It may be a typing error."""
    attio.always("GET /v2/objects/people/records/", answers(404, b"{}", JSON))

    found = why(attio, tmp_path)

    assert (found.exit_code, found.output) == (1, f"Error: There is no person with the record id {RECORD}.\n")


def test_without_attio_it_explains_what_this_app_knows(attio: ChaosProxy, tmp_path: Path) -> None:
    """The CRM may be the reason for the question."""
    attio.always("GET /v2/objects/people/records/", answers(503, b"{}", JSON))

    found = why(attio, tmp_path)

    assert found.exit_code == 0, found.output
    assert "has not been sent to ALC" in found.output
