"""Rate limits: so many in a sliding second."""

from email.utils import parsedate_to_datetime

import pytest

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.rate_limits import Limits
from mock_alc.base.clock import VirtualClock
from tests.unit.mock_attio.conftest import Attio, Clock, config_for


def test_no_more_than_the_limit_in_any_second() -> None:
    """25 writes a second: the window slides, and what was refused does not count."""
    clock = Clock()
    limits = Limits(reads=0, writes=2, clock=VirtualClock(clock))
    limits.admit("write")
    clock.advance(0.6)
    limits.admit("write")
    for _ in range(3):
        with pytest.raises(AttioError):
            limits.admit("write")
    clock.advance(0.5)
    limits.admit("write")
    with pytest.raises(AttioError):
        limits.admit("write")


def test_zero_means_no_limit() -> None:
    """A limit of 0 never refuses."""
    limits = Limits(reads=0, writes=0, clock=VirtualClock(Clock()))
    for _ in range(1_000):
        limits.admit("read")


def test_retry_after_is_an_http_date_at_which_there_is_room_again() -> None:
    """429 with Attio's body; a client that waits until that date is admitted."""
    clock = Clock()
    app = create_app(config_for(clock, writes_per_second=1))
    attio = Attio(app, clock)
    body = {"data": {"values": {"job_title": "x"}}}
    path = attio.path()
    assert attio.send("PATCH", path, body).status_code == 200
    clock.advance(0.25)
    reply = attio.send("PATCH", path, body)
    assert reply.get_json() == {
        "status_code": 429,
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "message": "Rate limit exceeded, please try again later",
    }
    clock.moment = parsedate_to_datetime(reply.headers["Retry-After"])
    assert attio.send("PATCH", path, body).status_code == 200
    app.extensions["mock_attio"].database.close()


def test_a_query_counts_as_a_read() -> None:
    """`POST …/query` and `/graphql` are reads, whatever their method."""
    clock = Clock()
    app = create_app(config_for(clock, writes_per_second=1, reads_per_second=3))
    attio = Attio(app, clock)
    for path, body in (("/v2/objects/people/records/query", {}), ("/graphql", {"query": "{ currentUser { id } }"})):
        assert attio.send("POST", path, body).status_code == 200
    assert attio.send("GET", "/v2/self").status_code == 200
    assert attio.refused("GET", "/v2/objects")["status_code"] == 429
    app.extensions["mock_attio"].database.close()
