"""The event log and its streams: ids of one log, a reset for those of another, and room for clicks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.pages.source_code import colour
from alc_app.runtime.routes import live_updates as live_module
from alc_app.runtime.routes.live_updates import MAX_STREAMS, LiveUpdates, blueprint
from alc_app.runtime.services import Services
from tests.support.waiting import eventually


@pytest.fixture
def live(services: Services) -> LiveUpdates:
    """The log of a new installation."""
    return LiveUpdates(services.database, "b1", services.exchanges)


@pytest.fixture
def client(live: LiveUpdates) -> FlaskClient:
    """A page that follows it."""
    app = Flask(__name__)
    app.register_blueprint(blueprint(live))
    return app.test_client()


def test_the_log_keeps_its_name_in_every_process(live: LiveUpdates, services: Services) -> None:
    """A page that follows one web process can go on with another."""
    assert LiveUpdates(services.database, "b2", services.exchanges).boot == live.boot == "b1"


def test_events_after_an_id_come_in_order(live: LiveUpdates, services: Services) -> None:
    """Each once, with the id to go on from."""
    start = live.last_id()
    services.publish("record", {"n": 1})
    services.publish("record", {"n": 2})

    events = live.after(start)
    assert [event["data"]["n"] for event in events] == [1, 2]
    assert live.after(events[0]["id"]) == events[1:]
    assert live.after(live.last_id()) == []


def test_what_is_published_in_a_transaction_that_fails_was_never_said(live: LiveUpdates, services: Services) -> None:
    """U9: a page is not told of what was rolled back."""
    start = live.last_id()
    with pytest.raises(ZeroDivisionError), services.database.transaction():
        services.publish("record", {})
        raise ZeroDivisionError

    assert live.after(start) == []


@pytest.mark.parametrize("coloured", [True, False])
def test_source_lines_are_coloured_where_the_pages_can(services: Services, live: LiveUpdates, coloured: bool) -> None:
    """Each line keeps its number and its text; without colours it has no pieces."""
    source = {"file": "alc_app/events/connection_added.py", "line": 21, "function": "connection_added"}
    services.exchanges.add("Event Handler", "ALC", "POST /api/v1/webhooks", source=[source])
    [message] = eventually(lambda: services.exchanges.after(0))
    app = Flask(__name__)
    app.register_blueprint(blueprint(live, colour=colour) if coloured else blueprint(live))

    reply = app.test_client().get(f"/exchanges/{message['id']}/source.json").get_json()

    [excerpt] = reply["excerpts"]
    assert excerpt["lines"][0]["text"].startswith("def connection_added(")
    assert excerpt["lines"][0].get("pieces", [None])[0] == (["keyword", "def "] if coloured else None)


def test_a_diagram_is_drawn_without_what_only_an_opened_arrow_shows(services: Services, live: LiveUpdates) -> None:
    """Bodies are most of a run's weight."""
    asked = {"method": "GET", "url": "https://alc.test/", "headers": {"Accept": "*/*"}, "body": ""}
    with services.exchanges.call("ALC", "GET /", sender="Event Handler", request=asked) as answer:
        answer |= {"response": {"status": 200, "headers": {}, "body": "x" * 10_000}, "ms": 3}
    call, reply = eventually(lambda: len(found := services.exchanges.after(0)) == 2 and found)
    app = Flask(__name__)
    app.register_blueprint(blueprint(live))
    client = app.test_client()

    drawn = client.get("/exchanges.json?after=0&brief").get_json()["messages"]

    assert [message["detail"] for message in drawn] == [{"request": {}}, {"response": {}, "ms": 3}]
    assert [client.get(f"/exchanges/{message['id']}.json").get_json() for message in drawn] == [call, reply]
    assert client.get("/exchanges/99.json").status_code == 404


@pytest.mark.parametrize("event_id", ["b0:1", "", "b1", "b1:", "b1:x", "b1:-1", "b1:²", "b1:" + "9" * 16, "\x00"])
def test_an_id_of_another_log_is_one_reset(live: LiveUpdates, event_id: str) -> None:
    """The page takes a new snapshot; no id is an error of the database."""
    assert live.after(event_id) == [{"id": live.last_id(), "kind": "reset", "data": {}}]


def test_the_same_can_be_asked_for(client: FlaskClient, services: Services, live: LiveUpdates) -> None:
    """`/events.json`: without an id, only where one is."""
    assert client.get("/events.json").json == {"events": [], "last": "b1:1"}
    services.publish("record", {"n": 1})

    answer = client.get("/events.json?after=b1:1").get_json()
    assert answer["last"] == live.last_id() == "b1:2"
    assert answer["events"] == [{"id": "b1:2", "kind": "record", "data": {"n": 1}}]


def test_a_stream_tells_and_ends(
    client: FlaskClient, services: Services, live: LiveUpdates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is held for ever; `Last-Event-ID` is where the browser was."""
    monkeypatch.setattr(live_module, "STREAM_LIFETIME", 0.2)
    monkeypatch.setattr(live_module, "POLL_INTERVAL", 0.02)
    monkeypatch.setattr(live_module, "HEARTBEAT_INTERVAL", 0.05)
    services.publish("record", {"n": 1})

    text = client.get("/events", headers={"Last-Event-ID": "b1:1"}).text

    told = {"id": "b1:2", "kind": "record", "data": {"n": 1}}
    assert text.startswith(f"retry: 1000\n\nid: b1:2\nevent: record\ndata: {json.dumps(told)}\n\n")
    assert text.count("event: record") == 1
    assert ": still here\n\n" in text


def test_streams_end_when_the_server_stops(client: FlaskClient, live: LiveUpdates) -> None:
    """Open streams must not keep the server from stopping."""
    live.stop()

    assert client.get("/events").text == "retry: 1000\n\n"


def test_there_is_room_for_so_many_streams_and_each_that_ends_gives_its_place_back(
    client: FlaskClient, live: LiveUpdates
) -> None:
    """A click always finds a thread; a page without a stream polls instead."""
    live.stop()
    for _ in range(2 * MAX_STREAMS):
        assert client.get("/events", buffered=True).status_code == 200

    taken: list[object] = [live.stream("b1:1") for _ in range(MAX_STREAMS)]
    assert None not in taken
    refused = client.get("/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    live.release_stream()
    assert client.get("/events", buffered=True).status_code == 200


def test_the_page_of_a_browser_that_never_saw_an_event_starts_at_the_end(
    client: FlaskClient, services: Services, live: LiveUpdates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page itself is the snapshot."""
    services.publish("record", {"n": 1})
    live.stop()
    followed: list[str] = []
    follow = live.stream

    def followed_from(event_id: str, **_: bool) -> Iterator[str] | None:
        followed.append(event_id)
        return follow(event_id)

    monkeypatch.setattr(live, "stream", followed_from)

    client.get("/events", buffered=True)
    assert followed == ["b1:2"]
