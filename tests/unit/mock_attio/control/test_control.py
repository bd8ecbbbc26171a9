"""The control API: closed by default, and for programs on this machine only."""

from typing import Any

import pytest

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.seed import seed
from tests.unit.mock_attio.conftest import Attio, Clock, config_for, sqlite_of

PEOPLE = "/v2/objects/people/records"


def control(attio: Attio, method: str, path: str, body: object = None) -> Any:
    """Send a request to the control API that must succeed, and return its JSON."""
    reply = attio.send(method, f"/_mock/{path}", body)
    assert reply.status_code in (200, 201, 202), reply.text
    return reply.get_json()


def refused(attio: Attio, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send a request to the control API that must be refused, and return the error."""
    reply = attio.send(method, f"/_mock/{path}", body)
    assert 400 <= reply.status_code < 500, reply.text
    error: dict[str, Any] = reply.get_json()["error"]
    return error


def test_the_control_api_is_closed_unless_the_settings_open_it() -> None:
    """A stand-in that nobody asked for one has no such endpoint, as Attio has none."""
    app = create_app(config_for(Clock(), control=False))
    attio = Attio(app, Clock())
    for path in ("reset", "tokens", "faults", "clock", "seed"):
        assert attio.refused("POST", f"/_mock/{path}")["status_code"] == 404
    app.extensions["mock_attio"].database.close()


@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/tokens", "/_mock/faults", "/_mock/clock"])
@pytest.mark.parametrize(
    "more",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}},
        {"headers": {"Origin": "http://127.0.0.1:8002"}},
        {"headers": {"X-Forwarded-For": "192.0.2.7"}},
        {"headers": {"Via": "1.1 proxy"}},
    ],
)
def test_the_control_api_is_closed_to_other_machines_web_pages_and_proxies(
    attio: Attio, path: str, more: dict[str, dict[str, str]]
) -> None:
    """A web page in a browser on this machine is refused as well."""
    reply = attio.send("POST", path, {"scope": ""}, **more)
    assert reply.status_code == 403
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize("host", ["evil.example:8002", "127.0.0.1.evil.example", "localhost.evil.example", "[::1"])
@pytest.mark.parametrize("path", ["/_mock/requests", "/_mock/deliveries", "/_mock/state"])
def test_a_page_at_a_name_that_leads_here_reads_nothing(attio: Attio, host: str, path: str) -> None:
    """U7: after DNS rebinding the page is of the same origin, and the browser sends no Origin header."""
    reply = attio.send("GET", path, headers={"Host": host, "Sec-Fetch-Site": "same-origin"})

    assert reply.status_code in (400, 403), reply.text
    for name in ("127.0.0.1:8002", "localhost:8002", "[::1]:8002"):
        assert attio.send("GET", path, headers={"Host": name}).status_code == 200


def test_a_reset_brings_the_seed_back_with_the_same_ids(attio: Attio) -> None:
    """Links survive a reset; what was added is gone, tokens too."""
    before = attio.ok("POST", f"{PEOPLE}/query", {})
    token = control(attio, "POST", "tokens", {"scope": "record_permission:read"})["token"]
    attio.add_attribute("x", "text")
    attio.write("PATCH", attio.path(), {"name": "Changed"})
    attio.ok("DELETE", attio.path(1))
    control(attio, "POST", "reset")
    assert attio.ok("POST", f"{PEOPLE}/query", {}) == before
    attio.token = token
    assert attio.refused("GET", "/v2/objects")["status_code"] == 401


@pytest.mark.parametrize("demo", [True, False])
def test_what_is_filled_with_copies_is_what_the_first_was_filled_with(
    monkeypatch: pytest.MonkeyPatch, demo: bool
) -> None:
    """To the byte: a second stand-in of the process, and the first after a reset."""
    monkeypatch.setattr(seed, "_filled", {})
    first = create_app(config_for(Clock(), seeded=demo))
    made = list(sqlite_of(first).iterdump())
    second = create_app(config_for(Clock(), seeded=demo))
    control(Attio(first, Clock()), "POST", "reset")

    for app in (first, second):
        assert list(sqlite_of(app).iterdump()) == made
        app.extensions["mock_attio"].database.close()


def test_a_reset_forgets_faults_requests_and_a_clock_that_was_moved(attio: Attio) -> None:
    """The next test must not notice the one before."""
    control(attio, "POST", "faults", {"route": "* /v2/self", "answer": {"status": 500}, "times": None})
    control(attio, "POST", "clock", {"advance": 3600})
    assert attio.send("GET", "/v2/self").status_code == 500
    control(attio, "POST", "reset")
    assert control(attio, "GET", "requests") == {"requests": []}
    assert control(attio, "GET", "faults") == {"faults": []}
    assert control(attio, "GET", "clock")["ahead_by"] == 0
    assert attio.send("GET", "/v2/self").status_code == 200


@pytest.mark.parametrize("body", ["[" * 100_000, '{"data":' * 5_000])
def test_json_that_is_nested_too_deeply_is_refused_whatever_is_recorded(attio: Attio, body: str) -> None:
    """With 400, on routes that have faults and on those that set them."""
    for path in ("/v2/objects/people/records/query", "/_mock/faults"):
        assert attio.send("POST", path, data=body, content_type="application/json").status_code == 400


def test_a_large_body_is_recorded_by_its_size(attio: Attio) -> None:
    """The latest 500 requests must fit into memory."""
    attio.send("POST", "/v2/notes", data=b"x" * 100_000)
    [sent] = control(attio, "GET", "requests")["requests"]
    assert sent["body"] == "100000 bytes"


def test_a_token_has_the_scopes_that_were_asked_for_or_all(attio: Attio) -> None:
    """And `DELETE` revokes each of them, as somebody in Attio's settings might."""
    every = control(attio, "POST", "tokens")["token"]
    attio.token = control(attio, "POST", "tokens", {"scope": "object_configuration:read"})["token"]
    attio.ok("GET", "/v2/objects")
    assert attio.refused("POST", f"{PEOPLE}/query", {})["status_code"] == 403
    attio.token = every
    attio.ok("POST", f"{PEOPLE}/query", {})
    assert control(attio, "DELETE", "tokens") == {"revoked": 2}
    assert attio.refused("GET", "/v2/objects")["status_code"] == 401


def test_a_token_cannot_have_a_scope_that_attio_does_not_know(attio: Attio) -> None:
    """Spelling mistakes in tests should be seen."""
    misspelt = refused(attio, "POST", "tokens", {"scope": "records:read"})
    assert 'There is no scope "records:read".' in misspelt["fields"]["scope"]
    assert refused(attio, "POST", "tokens", {"scopes": ""})["code"] == "unknown_fields"
    assert "string of scopes" in refused(attio, "POST", "tokens", {"scope": ["task:read"]})["fields"]["scope"]


def test_an_empty_workspace_has_attios_own_schema_and_is_seeded_on_demand() -> None:
    """Nothing of the demo is in the way of another integration's tests."""
    app = create_app(config_for(Clock(), seeded=False))
    attio = Attio(app, Clock())
    state = control(attio, "GET", "state")
    assert (state["records"], state["idle"]) == ({"people": 0, "companies": 0}, True)
    slugs = {attribute["api_slug"] for attribute in attio.ok("GET", "/v2/objects/people/attributes")}
    assert "email_addresses" in slugs
    assert not {slug for slug in slugs if slug.startswith("alc_")}
    assert control(attio, "POST", "seed") == {"seeded": True, "people": 0}
    assert control(attio, "POST", "seed") == {"seeded": False, "people": 0}
    assert control(attio, "GET", "state")["records"] == {"people": 25, "companies": 8}
    assert attio.write("PATCH", attio.path(), {"alc_status": "Pending"})
    control(attio, "POST", "reset")
    assert control(attio, "GET", "state")["records"]["people"] == 0
    app.extensions["mock_attio"].database.close()


def test_what_can_go_wrong_with_a_write_is_listed_and_each_fault_can_be_set(attio: Attio) -> None:
    """The list has the sentence and the fault of each variant."""
    listed = control(attio, "GET", "operations")["operations"]
    assert {row["how"] for row in listed} >= {"lost_after", "503", "429_seconds", "slow", "garbage"}
    for row in listed:
        assert row["spoils"] == f"PATCH {PEOPLE}/*"
        assert row["says"].format(who="Person 1").endswith(".")
        control(attio, "POST", "faults", row["with"])


def test_people_are_made_up_in_any_number(attio: Attio) -> None:
    """Each call adds others, with values as if somebody had written them; no webhook is called."""
    for _ in range(2):
        assert control(attio, "POST", "seed", {"people": 60})["people"] == 60
    state = control(attio, "GET", "state")
    assert (state["records"]["people"], state["idle"]) == (145, True)
    [made] = attio.ok(
        "POST", f"{PEOPLE}/query", {"sorts": [{"direction": "desc", "attribute": "created_at"}], "limit": 1}
    )
    address = made["values"]["email_addresses"][0]["email_address"]
    found = attio.ok("POST", f"{PEOPLE}/query", {"filter": {"email_addresses": address}})
    assert [one["id"] for one in found] == [made["id"]]
    changed = attio.write("PATCH", f"{PEOPLE}/{made['id']['record_id']}", {"job_title": "Painter"})
    assert changed["job_title"][0]["value"] == "Painter"
    assert refused(attio, "POST", "seed", {"persons": 1})["code"] == "unknown_fields"
    assert attio.send("POST", "/_mock/seed", {"people": 1_000_000}).status_code == 400
