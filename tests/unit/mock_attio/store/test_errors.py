"""Bad requests of every sort: an answer in Attio's shape, never a 5xx."""

import pytest

from alc_app.attio.host import trace
from tests.unit.mock_attio.conftest import TOKEN, Attio

PEOPLE = "/v2/objects/people/records"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PEOPLE),
        ("GET", "/v2/sequences"),
        ("POST", "/v2/nope"),
        ("DELETE", "/v2/self"),
        ("GET", "/v2//objects"),
        ("GET", "/"),
    ],
)
def test_an_unknown_endpoint_is_named_in_the_message(attio: Attio, method: str, path: str) -> None:
    """Attio's 404, also where the path exists but not with this method."""
    error = attio.refused(method, path)
    assert (error["status_code"], error["code"]) == (404, "not_found")
    assert error["message"] == f'Could not find endpoint "{method} {path}".'


def test_every_reply_can_be_quoted_to_support_and_read_by_any_page(attio: Attio) -> None:
    """`x-attio-execution-id`, the caller's trace and open CORS on success, refusal and preflight."""
    caller = f"00-{'a' * 32}-{'b' * 16}-01"
    for method, path in (("GET", "/v2/objects"), ("GET", "/v2/nope"), ("OPTIONS", PEOPLE)):
        reply = attio.send(method, path, headers={"traceparent": caller})
        assert trace.read(reply.headers["traceparent"]) == ("a" * 32, True)
        assert len(reply.headers["x-attio-execution-id"]) == 36
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert attio.send("OPTIONS", PEOPLE).status_code == 204


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"data": NaN}',
        b'{"data": {"values": {"twitter_follower_count": 1e999}}}',
        b'{"data": {"values": {"job_title": "\\u0000"}}}',
        b'{"data": {"values": {"job_title": "\\ud800"}}}',
        b'{"data": {"values": {"\\u0000": 1}}}',
        b'{"data": {"values": [' + b"[" * 100 + b"]" * 100 + b"]}}",
        b"[" * 100_000,
        b'{"data": ' + b"9" * 5_000 + b"}",
        b'{"values": {}}',
        b'{"data": {"name": {"full_name": "Ada"}}}',
    ],
)
def test_a_body_that_is_no_write_is_a_validation_error(attio: Attio, raw: bytes) -> None:
    """Malformed JSON, wrong types, NaN, endless numbers, NUL, half characters, deep nesting."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    reply = attio.app.test_client().post(PEOPLE, data=raw, headers=headers)
    assert reply.status_code == 400
    assert reply.get_json()["code"] == "validation_type"


def test_a_body_beyond_the_cap_is_too_large(attio: Attio) -> None:
    """413, in Attio's shape."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    reply = attio.app.test_client().post(PEOPLE, data=b" " * 12_000_000, headers=headers)
    assert (reply.status_code, reply.get_json()["status_code"]) == (413, 413)


@pytest.mark.parametrize(
    "path", ["/v2/objects/%00", f"{PEOPLE}/x/attributes/%00/values", "/v2/objects/people/attributes?limit=%00"]
)
def test_nul_in_a_url_is_refused(attio: Attio, path: str) -> None:
    """Postgres cannot even compare with it."""
    assert attio.refused("GET", path)["status_code"] == 400
