"""The page of people with the real workspace behind it, and an Attio that answers as a test says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.config.settings import Config
from alc_app.runtime.http_client import READ_TIMEOUT
from alc_app.web import crm_reading
from alc_app.web.factory import build
from tests.support.chaos.proxy import ChaosProxy, answers, hangs

QUERY = "POST /v2/objects/people/records/query"
JSON = ("Content-Type", "application/json")


@pytest.fixture
def client(attio: ChaosProxy, new_home: Callable[[], Path]) -> Iterator[FlaskClient]:
    """A browser at the app."""
    app: Flask = build(Config.from_env(home=new_home(), attio_url=attio.url, mock_attio_token="t"))
    yield app.test_client()
    app.extensions["services"].close()


def people(number: int, size: int) -> bytes:
    """Return Attio's answer with so many people, whose descriptions have `size` bytes."""

    def person(index: int) -> dict[str, Any]:
        values = {"name": [{"full_name": f"Aaa {index}"}], "description": [{"value": "x" * size}]}
        return {"id": {"record_id": f"r{index}"}, "created_at": "2026-11-20T12:00:00Z", "values": values}

    return json.dumps({"data": [person(index) for index in range(number)]}).encode()


@pytest.mark.parametrize("character", ["%00", "%01", "%09", "%1f", "%7f", "%c2%85"])
def test_a_control_character_in_the_search_finds_nobody(attio: ChaosProxy, client: FlaskClient, character: str) -> None:
    """Attio refuses it, which is no outage. Nobody has it in a name, so Attio is not asked."""
    attio.always(QUERY, answers(400, b'{"message": "Invalid"}', JSON))

    assert client.get(f"/people?q=Ada{character}Lovelace").status_code == 200


def test_a_page_of_people_with_long_descriptions_is_shown(attio: ChaosProxy, client: FlaskClient) -> None:
    """O10: 2 MiB are many people and no attack."""
    attio.always(QUERY, answers(200, people(50, 42_000), JSON))

    page = client.get("/people?q=Aaa")

    assert (page.status_code, page.text.count("Aaa ") >= 50) == (200, True)


def test_a_page_that_is_too_large_says_so(attio: ChaosProxy, client: FlaskClient) -> None:
    """O10: an outage it is not."""
    attio.always(QUERY, answers(200, people(17, 1024 * 1024), JSON))

    page = client.get("/people", headers={"Accept": "text/html"})

    assert page.status_code == 503
    assert "answer is too large. The answer is larger than 16 MiB." in page.text


def test_a_refusal_of_attio_is_told_in_its_words(attio: ChaosProxy, client: FlaskClient) -> None:
    """Nothing is away, so no advice to check that Attio is running."""
    attio.always(QUERY, answers(403, b'{"message": "The token lacks the scope record_permission:read."}', JSON))

    page = client.get("/people", headers={"Accept": "text/html"})

    assert (page.status_code, "lacks the scope" in page.text) == (503, True)


@pytest.mark.parametrize("path", ["/people", "/people?q=ada", "/workflows?person=ada&workflow=qualify"])
def test_a_crm_that_hangs_is_told_soon(
    attio: ChaosProxy, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """All calls of a page have one deadline, far below that of a single call; "Try again" is offered."""
    monkeypatch.setattr(crm_reading, "PAGE_TIMEOUT", 0.5)
    attio.always("POST", hangs())
    started = time.monotonic()

    page = client.get(path, headers={"Accept": "text/html"})

    assert time.monotonic() - started < READ_TIMEOUT
    assert page.status_code == 503
    assert "The CRM did not answer." in page.text
    assert "Try again" in page.text
