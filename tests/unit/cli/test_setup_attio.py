"""`alc-app setup-attio`, against an Attio of `responses`: the token, its scopes, the attributes, their options."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import responses

from alc_app.cli.setup_attio import STATUSES, SetupFailed, set_up
from alc_app.config.settings import Config

URL = "https://attio.test/v2"
ATTRIBUTES = f"{URL}/objects/people/attributes"
WRITE = "record_permission:read-write object_configuration:read-write webhook:read-write"
READ = "record_permission:read-write object_configuration:read"
SLUGS = ("alc_lead_id", "alc_status", "alc_interest")


@pytest.fixture
def attio() -> Iterator[responses.RequestsMock]:
    """Every answer that a test prepares must be asked for."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[str]]:
    """Set up a workspace; returns what was said."""

    def set_up_workspace(**settings: object) -> list[str]:
        said: list[str] = []
        home = tmp_path / "not" / "there" / "yet"
        config = Config.from_env(home=home, attio_url="https://attio.test", attio_api_token="token", **settings)
        set_up(config, said.append)
        return said

    return set_up_workspace


def token(attio: responses.RequestsMock, scope: str = WRITE, *, active: bool = True) -> None:
    """What `/v2/self` says."""
    attio.get(f"{URL}/self", json={"active": active, "scope": scope, "workspace_name": "Halden"})


def attribute(attio: responses.RequestsMock, slug: str, type: str = "text", *, is_archived: bool = False) -> None:
    """An attribute that exists."""
    attio.get(f"{ATTRIBUTES}/{slug}", json={"data": {"api_slug": slug, "type": type, "is_archived": is_archived}})


def missing(attio: responses.RequestsMock, slug: str) -> None:
    """An attribute that does not."""
    attio.get(f"{ATTRIBUTES}/{slug}", json={"message": "Not found."}, status=404)


def test_a_workspace_that_has_everything_is_left_alone(
    attio: responses.RequestsMock, run: Callable[..., list[str]]
) -> None:
    """Also in a home that does not exist yet: it is the first command that a new installation runs."""
    token(attio, f"{READ} webhook:read-write")
    for slug in SLUGS:
        attribute(attio, slug)

    assert run() == ["The token belongs to the workspace Halden.", "The workspace is ready."]


def test_a_token_that_cannot_be_told_of_changes_is_good_enough(
    attio: responses.RequestsMock, run: Callable[..., list[str]]
) -> None:
    """The tutorial's loop needs no event of Attio's: what is missing is said, and nothing fails."""
    token(attio, READ)
    for slug in SLUGS:
        attribute(attio, slug)

    assert "webhook:read-write" in run()[0]


def test_missing_attributes_are_created(attio: responses.RequestsMock, run: Callable[..., list[str]]) -> None:
    """4.2: the three slugs that the app writes."""
    token(attio)
    for slug in SLUGS:
        missing(attio, slug)
    attio.post(ATTRIBUTES, json={"data": {}})

    said = run()

    created = [json.loads(call.request.body or "")["data"] for call in attio.calls if call.request.method == "POST"]
    assert [(data["api_slug"], data["type"]) for data in created] == [(slug, "text") for slug in SLUGS]
    assert "Created the attribute alc_status (text) on people." in said


def test_a_token_that_may_not_create_says_what_an_admin_has_to_add(
    attio: responses.RequestsMock, run: Callable[..., list[str]]
) -> None:
    """Errors teach: the scope, or the attribute with title, slug and type."""
    token(attio, READ)
    missing(attio, "alc_lead_id")

    with pytest.raises(SetupFailed, match=r"ALC lead ID, slug alc_lead_id, type text"):
        run()


def test_a_token_that_is_not_active_is_refused(attio: responses.RequestsMock, run: Callable[..., list[str]]) -> None:
    """`/v2/self` answers 200 for a dead token."""
    token(attio, active=False)

    with pytest.raises(SetupFailed, match="does not accept this token"):
        run()


@pytest.mark.parametrize(
    ("scope", "lacks"),
    [
        ("", "record_permission:read-write and object_configuration:read"),
        ("record_permission:read object_configuration:read", "record_permission:read-write"),
        ("record_permission:read-write", "object_configuration:read"),
    ],
)
def test_scopes_that_are_missing_are_named(
    attio: responses.RequestsMock, run: Callable[..., list[str]], scope: str, lacks: str
) -> None:
    """Errors teach: all that is missing, in one go."""
    token(attio, scope)

    with pytest.raises(SetupFailed, match=f"The token lacks {lacks}. Grant it"):
        run()


def test_an_archived_attribute_is_not_taken_for_one_that_works(
    attio: responses.RequestsMock, run: Callable[..., list[str]]
) -> None:
    """Attio finds it by its slug, which it keeps."""
    token(attio)
    attribute(attio, "alc_lead_id", is_archived=True)

    with pytest.raises(SetupFailed, match=r"alc_lead_id of people is archived\. Restore it"):
        run()


def test_an_attribute_of_another_type_is_not_touched(
    attio: responses.RequestsMock, run: Callable[..., list[str]]
) -> None:
    """Both types are named, and what to do."""
    token(attio)
    attribute(attio, "alc_lead_id")
    attribute(attio, "alc_status", "select")

    with pytest.raises(SetupFailed, match=r"type select, not text.*ALC_STATUS_TYPE.*another slug"):
        run()


@pytest.mark.parametrize(("kind", "path"), [("select", "options"), ("status", "statuses")])
def test_missing_options_are_added(
    attio: responses.RequestsMock, run: Callable[..., list[str]], kind: str, path: str
) -> None:
    """A select or status attribute takes only what it knows: Requested, Pending, Complete, Failed."""
    token(attio)
    attribute(attio, "alc_lead_id")
    attribute(attio, "alc_status", kind)
    attribute(attio, "alc_interest")
    attio.get(f"{ATTRIBUTES}/alc_status/{path}", json={"data": [{"title": "Requested"}, {"title": "Pending"}]})
    attio.post(f"{ATTRIBUTES}/alc_status/{path}", json={"data": {}})

    said = run(alc_status_type=kind)

    assert said[1:-1] == ["Added Complete to alc_status.", "Added Failed to alc_status."]


def test_options_that_may_not_be_added_are_named(attio: responses.RequestsMock, run: Callable[..., list[str]]) -> None:
    """Errors teach: which ones an admin has to add."""
    token(attio, READ)
    attribute(attio, "alc_lead_id")
    attribute(attio, "alc_status", "select")
    attio.get(f"{ATTRIBUTES}/alc_status/options", json={"data": []})

    with pytest.raises(SetupFailed, match="alc_status lacks Requested, Pending, Complete, Failed"):
        run(alc_status_type="select")


@pytest.mark.parametrize("body", ["<html>", "[]"])
def test_an_attio_that_talks_nonsense_is_named(
    attio: responses.RequestsMock, run: Callable[..., list[str]], body: str
) -> None:
    """A wrong ATTIO_URL answers something else: the address is in the message."""
    attio.get(f"{URL}/self", body=body)

    with pytest.raises(SetupFailed, match=r"Attio at https://attio\.test: "):
        run()


def test_an_attribute_that_attio_refuses_is_explained(
    attio: responses.RequestsMock, run: Callable[..., list[str]]
) -> None:
    """Attio's own words, beside the attribute's name."""
    token(attio)
    missing(attio, "alc_lead_id")
    attio.post(ATTRIBUTES, json={"message": "Slug is taken."}, status=409)

    with pytest.raises(SetupFailed, match="Slug is taken"):
        run()


def test_two_that_are_run_at_once_both_succeed(attio: responses.RequestsMock, run: Callable[..., list[str]]) -> None:
    """The other one has created the attribute and its options since this one has looked."""
    titles = f"{ATTRIBUTES}/alc_status/options"
    token(attio)
    attribute(attio, "alc_lead_id")
    missing(attio, "alc_status")
    attio.post(ATTRIBUTES, json={"code": "slug_conflict", "message": "It is taken."}, status=409)
    attribute(attio, "alc_status", "select")
    attio.get(titles, json={"data": []})
    attio.post(titles, json={"code": "slug_conflict", "message": "It is taken."}, status=409)
    attio.get(titles, json={"data": [{"title": title} for title in STATUSES]})
    attribute(attio, "alc_interest")

    assert run(alc_status_type="select")[1:] == ["The workspace is ready."]
