"""Live updates for open pages: `/events` (server-sent events), `/events.json` (polling) and `/exchanges.json`.

Events are rows of one append-only log in the database, because another process, the worker, writes them. An event's
id is `<boot>:<n>`; `boot` names the log, so that a page which followed a former log loads everything anew.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlmodel import Session, col, func, select

from alc_app.runtime.exchanges.log import ExchangeLog, Row
from alc_app.runtime.exchanges.source_lines import excerpt
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.event_log import append_event
from alc_app.runtime.storage.tables import LiveEvent

POLL_INTERVAL = 0.25
"""Seconds between two queries of a stream."""
HEARTBEAT_INTERVAL = 2.0
"""Seconds between two heartbeats: only a write shows that a page has been closed, and its thread is needed."""
STREAM_LIFETIME = 300.0
"""Seconds after which a stream ends and the browser opens a new one, so that no thread is held for ever."""
INITIAL_MESSAGES = 400
"""Messages that a new page gets."""
MAX_STREAMS = 24
"""Of the server's 64 threads, so that a click always finds a free one. Further pages poll `/events.json`."""


Colour = Callable[[str, str], Sequence[Any]]


class LiveUpdates:
    """The log of events, and the streams that read it."""

    def __init__(self, database: Database, boot: str, exchanges: ExchangeLog) -> None:
        """Open the log in `database`; `boot` is its name if it has none yet."""
        self._database, self.exchanges = database, exchanges
        self._streams = threading.BoundedSemaphore(MAX_STREAMS)
        self.stopping = threading.Event()
        """Set when the process stops; ends every stream."""
        self.boot = self._first_event(boot)

    def last_id(self) -> str:
        """Return the id of the newest event."""
        with self._database.reading() as session:
            return self._id(session.exec(select(func.max(LiveEvent.id))).one() or 0)

    def after(self, event_id: str, limit: int = 500) -> list[dict[str, Any]]:
        """Return the events after an id, the oldest first.

        If the id is of another log, or events after it have been deleted, return one `reset` event instead.
        """
        boot, _, number = event_id.partition(":")
        if boot != self.boot or not number.isascii() or not number.isdigit() or len(number) > 15:
            return [{"id": self.last_id(), "kind": "reset", "data": {}}]
        query = select(LiveEvent).where(col(LiveEvent.id) > int(number)).order_by(col(LiveEvent.id)).limit(limit)
        with self._database.reading() as session:
            rows = session.exec(query).all()
            if rows and self._has_gap(session, int(number)):
                return [{"id": self.last_id(), "kind": "reset", "data": {}}]
        return [{"id": self._id(row.id or 0), "kind": row.kind, "data": json.loads(row.data)} for row in rows]

    def stream(self, event_id: str, *, with_exchanges: bool = True) -> Iterator[str] | None:
        """Return server-sent events from an id on; None if there are `MAX_STREAMS` already."""
        return self._events(event_id, with_exchanges) if self._streams.acquire(blocking=False) else None

    def release_stream(self) -> None:
        """Make room for another stream; call it when one is closed."""
        self._streams.release()

    def stop(self) -> None:
        """End every stream, so that the server can stop."""
        self.stopping.set()

    def _events(self, event_id: str, with_exchanges: bool) -> Iterator[str]:
        ends_at, last_write = time.monotonic() + STREAM_LIFETIME, time.monotonic()
        number = self.exchanges.last_number()
        yield "retry: 1000\n\n"
        while time.monotonic() < ends_at and not self.stopping.is_set():
            for event in self.after(event_id):
                event_id = event["id"]
                yield f"id: {event_id}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n"
            # Without an id: pages ask for missed messages by trace.
            for message in self.exchanges.after(number) if with_exchanges else ():
                number = message["id"]
                yield f"event: exchange\ndata: {json.dumps(message)}\n\n"
            if time.monotonic() - last_write > HEARTBEAT_INTERVAL:
                last_write = time.monotonic()
                yield ": still here\n\n"
            self.stopping.wait(POLL_INTERVAL)

    def _has_gap(self, session: Session, number: int) -> bool:
        """Return whether an event after this one has been deleted (retention.py). The boot event never is."""
        oldest = select(LiveEvent.id).where(LiveEvent.kind != "boot").order_by(col(LiveEvent.id)).limit(1)
        return (session.exec(oldest).first() or 0) > number + 1

    def _id(self, number: int) -> str:
        return f"{self.boot}:{number}"

    def _first_event(self, boot: str) -> str:
        """Return the name of the log, which the first process to start writes."""
        with self._database.transaction() as session:
            if found := _boot(session):
                return found
            append_event(session, "boot", boot, time.time())
        with self._database.transaction() as session:
            return _boot(session) or boot


def _boot(session: Session) -> str | None:
    query = select(LiveEvent.data).where(LiveEvent.kind == "boot").order_by(col(LiveEvent.id)).limit(1)
    found = session.exec(query).first()
    return None if found is None else str(json.loads(found))


def blueprint(
    live: LiveUpdates, may_see_exchanges: Callable[[], bool] = lambda: True, colour: Colour = lambda _text, _file: ()
) -> Blueprint:
    """Serve `/events`, `/events.json?after=`, `/exchanges.json?after=&trace=` and a message's lines of source code.

    `colour` splits the text of a file into lines of coloured pieces; without it the lines are plain.
    """
    routes = Blueprint("live", __name__)

    @routes.get("/events")
    def events() -> Response:
        after = request.headers.get("Last-Event-ID") or request.args.get("after") or live.last_id()
        stream = live.stream(after, with_exchanges=may_see_exchanges())
        if stream is None:
            return Response(status=503, headers={"Retry-After": "10"})
        response = Response(stream, content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        response.call_on_close(live.release_stream)
        return response

    @routes.get("/events.json")
    def events_json() -> dict[str, Any]:
        after = request.args.get("after")
        found = live.after(after) if after else []
        return {"events": found, "last": found[-1]["id"] if found else live.last_id()}

    @routes.get("/exchanges.json")
    def exchanges_json() -> dict[str, Any]:
        after, trace_id = request.args.get("after", type=int), request.args.get("trace", "")
        if after is None and not trace_id:
            return {"messages": live.exchanges.newest(INITIAL_MESSAGES)[::-1]}
        found = live.exchanges.after(max(after or 0, 0), trace_id=trace_id)
        return {"messages": [brief(message) for message in found] if "brief" in request.args else found}

    @routes.get("/exchanges/<int:number>.json")
    def exchange_json(number: int) -> dict[str, Any]:
        return _message(number) or abort(404)

    @routes.get("/exchanges/<int:number>/source.json")
    def source_json(number: int) -> dict[str, Any]:
        message = _message(number)
        sources = message["detail"].get("source", []) if message else []
        return {"excerpts": [_coloured(shown, colour) for source in sources if (shown := excerpt(source))]}

    def _message(number: int) -> Row | None:
        return next((found for found in live.exchanges.after(number - 1, limit=1) if found["id"] == number), None)

    return routes


def brief(message: Row) -> Row:
    """Return a message without what only a reader who opens it needs: headers, bodies, and our lines of code."""
    detail = {name: {} if name in ("request", "response") else value for name, value in message["detail"].items()}
    detail.pop("source", None)
    return message | {"detail": detail, "is_brief": True}


def _coloured(shown: dict[str, Any], colour: Colour) -> dict[str, Any]:
    """Add the coloured pieces to the lines of an excerpt."""
    pieces = colour("\n".join(line["text"] for line in shown["lines"]), shown["file"])
    lines = [line | {"pieces": found} for line, found in zip(shown["lines"], pieces, strict=False)] or shown["lines"]
    return shown | {"lines": lines}
