"""Tokens: authentication, scopes, and `/v2/self`."""

from base64 import b64encode
from dataclasses import replace

import pytest

from tests.unit.mock_attio.conftest import TOKEN, Attio

QUERY = "/v2/objects/people/records/query"


def limited(attio: Attio, scope: str) -> Attio:
    """Return a client whose token has this scope only."""
    token = attio.send("POST", "/_mock/tokens", {"scope": scope}).get_json()["token"]
    return replace(attio, token=token)


def test_basic_authentication_takes_the_token_as_the_user_name(attio: Attio) -> None:
    """Bearer and Basic are both accepted."""
    header = "Basic " + b64encode(f"{TOKEN}:".encode()).decode()
    assert attio.send("GET", "/v2/objects", headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer nope", f"Token {TOKEN}", "Basic %%%", "Basic \xff", f"Bearer {TOKEN}x"]
)
def test_nobody_gets_in_without_a_known_token(attio: Attio, header: str) -> None:
    """401 in Attio's words, whatever is wrong with the header."""
    reply = attio.send("GET", "/v2/objects", headers={"Authorization": header})
    assert reply.status_code == 401
    assert reply.get_json()["type"] == "auth_error"
    assert reply.get_json()["message"].startswith("The API Key provided ")


@pytest.mark.parametrize(("token", "problem"), [("0" * 64, "could not be found"), ("0" * 63, "wrong length")])
def test_a_token_that_was_not_copied_whole_is_told_as_that(attio: Attio, token: str, problem: str) -> None:
    """In Attio's words: a key has 64 characters."""
    reply = attio.send("GET", "/v2/objects", headers={"Authorization": f"Bearer {token}"})
    assert problem in reply.get_json()["message"]


def test_self_describes_an_active_token(attio: Attio) -> None:
    """A bare object in the manner of RFC 7662, without `data` around it."""
    me = attio.send("GET", "/v2/self").get_json()
    assert (me["active"], me["workspace_slug"], me["iss"], me["exp"]) == (True, "halden", "attio.com", None)
    assert "record_permission:read-write" in me["scope"].split()
    assert me["aud"] == me["client_id"]


def test_self_calls_an_unknown_token_inactive_and_never_answers_401(attio: Attio) -> None:
    """200 `{"active": false}` for what could be a token, 400 for what could not."""
    assert replace(attio, token="0" * 64).send("GET", "/v2/self").get_json() == {"active": False}
    for token in ("nope", ""):
        error = replace(attio, token=token).refused("GET", "/v2/self")
        assert (error["status_code"], error["code"]) == (400, "missing_value")
        assert error["message"].startswith("Token was not recognised")


def test_a_token_does_only_what_its_scopes_allow(attio: Attio) -> None:
    """403 `unauthorized`; a new token of Attio has no scopes."""
    assert limited(attio, "").refused("GET", "/v2/objects")["status_code"] == 403
    reader = limited(attio, "record_permission:read object_configuration:read")
    assert len(reader.ok("POST", QUERY, {})) == 25
    error = reader.refused("PATCH", attio.path(), {"data": {"values": {"job_title": "x"}}})
    assert (error["type"], error["code"]) == ("auth_error", "unauthorized")
    assert "record_permission:read-write" in error["message"]


def test_read_write_covers_read(attio: Attio) -> None:
    """A `:read-write` scope opens what asks for `:read`."""
    writer = limited(attio, "record_permission:read-write object_configuration:read")
    assert len(writer.ok("POST", QUERY, {})) == 25
    assert writer.refused("GET", "/v2/workspace_members")["status_code"] == 403
    assert writer.send("GET", "/v2/self").get_json()["scope"].split()[0] == "object_configuration:read"


@pytest.mark.parametrize("area", ["activity_configuration", "activity_record", "email", "sequence_unsubscribe"])
def test_a_token_can_have_the_scopes_of_what_only_attio_has(attio: Attio, area: str) -> None:
    """An integration asks for all of its scopes at once, also for those of endpoints that answer 501 here."""
    given = attio.send("POST", "/_mock/tokens", {"scope": f"{area}:read-write"}).get_json()
    assert given["scope"] == f"{area}:read-write"
