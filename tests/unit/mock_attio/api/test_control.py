"""The control API: reset, tokens and faults, for this machine only."""

import pytest

from tests.unit.mock_attio.conftest import Attio


def test_a_reset_brings_the_seed_back_with_the_same_ids(attio: Attio) -> None:
    """Links survive a reset; what was added is gone, tokens too."""
    before = attio.ok("POST", "/v2/objects/people/records/query", {})
    token = attio.send("POST", "/_mock/tokens", {"scope": "record_permission:read"}).get_json()["token"]
    attio.add_attribute("x", "text")
    attio.write("PATCH", attio.path(), {"name": "Changed"})
    attio.ok("DELETE", attio.path(1))
    assert attio.send("POST", "/_mock/reset").status_code == 200
    assert attio.ok("POST", "/v2/objects/people/records/query", {}) == before
    attio.token = token
    assert attio.refused("GET", "/v2/objects")["status_code"] == 401


@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/tokens", "/_mock/faults"])
@pytest.mark.parametrize(
    "more",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}},
        {"headers": {"Origin": "http://127.0.0.1:8002"}},
        {"headers": {"X-Forwarded-For": "192.0.2.7"}},
    ],
)
def test_the_control_api_is_closed_to_other_machines_web_pages_and_proxies(
    attio: Attio, path: str, more: dict[str, dict[str, str]]
) -> None:
    """A web page in a browser on this machine is refused as well."""
    reply = attio.send("POST", path, {"scope": ""}, **more)
    assert reply.status_code == 403
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_a_token_cannot_have_a_scope_that_attio_does_not_know(attio: Attio) -> None:
    """Spelling mistakes in tests should be seen."""
    assert attio.refused("POST", "/_mock/tokens", {"scope": "records:read"})["code"] == "validation_type"
    assert attio.refused("POST", "/_mock/tokens", {})["validation_errors"][0]["message"] == "Required"


def test_a_fault_fails_writes_to_one_record_a_number_of_times_or_until_it_is_cleared(attio: Attio) -> None:
    """As if Attio were down for this record only: reads and other records still work."""
    record_id, other = attio.path().rpartition("/")[2], attio.path(1)
    attio.ok("POST", "/_mock/faults", {"record_id": record_id, "times": 1})
    assert attio.send("PATCH", attio.path(), {"data": {"values": {"job_title": "x"}}}).status_code == 503
    attio.write("PATCH", attio.path(), {"job_title": "Again"})
    attio.send("POST", "/_mock/faults", {"record_id": record_id, "status": 500})
    for _ in range(2):
        assert attio.send("PATCH", attio.path(), {"data": {"values": {"job_title": "x"}}}).status_code == 500
    attio.write("PATCH", other, {"job_title": "Undisturbed"})
    attio.ok("GET", attio.path())
    assert attio.send("GET", f"/_mock/faults/{record_id}").get_json()["struck"] == 2
    attio.send("DELETE", f"/_mock/faults/{record_id}")
    attio.write("PATCH", attio.path(), {"job_title": "Back"})
