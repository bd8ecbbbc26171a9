"""Texts compared without accents: in Python, in SQLite and in Postgres alike."""

import pytest

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.accents import fold
from tests.unit.mock_attio.conftest import Attio, Clock, config_for

SEARCH = "/v2/objects/records/search"


@pytest.mark.parametrize(
    ("text", "folded"),
    [("María José", "maria jose"), ("ØSTERGÅRD", "ostergard"), ("Łukasz Dvořák", "lukasz dvorak"), ("Ana", "ana")],
)
def test_accents_and_capitals_are_left_out(text: str, folded: str) -> None:
    """Composed or not, as Unicode may write them."""
    assert fold(text) == folded
    assert fold("Mari\u0301a") == "maria"


def test_postgres_finds_what_sqlite_finds(attio: Attio, empty_postgres: str) -> None:
    """Among made-up people too, who are written in bulk."""
    app = create_app(config_for(Clock(), database_url=empty_postgres))
    there = Attio(app, Clock())
    found = []
    for each in (attio, there):
        each.send("POST", "/_mock/seed", {"people": 300})
        each.write("POST", "/v2/objects/people/records", {"name": "Zenobia Later"})
        body = {"objects": ["people"], "request_as": {"type": "workspace"}, "limit": 25}
        hits = [
            each.ok("POST", SEARCH, body | {"query": words}) for words in ("maria", "Øst", "łukasz garcia", "jose ma")
        ]
        found.append([[hit["record_text"] for hit in some] for some in hits])
    app.extensions["mock_attio"].database.close()
    assert found[0] == found[1]
    assert "María José Echeverría" in found[0][0]
