"""A fake of the app's event log with its routes; browsers follow it in tests of the pages."""

import json
import threading
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, abort, request

from alc_app.runtime.routes.live_updates import brief

HEARTBEAT_SECONDS = 1.0


class EventLog:
    """An append-only log that any number of streams follow."""

    def __init__(self) -> None:
        self.boot = "b1"
        self.streams = 0
        self.has_room = True
        self._events: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.asked: list[str] = []
        """Requests for messages."""
        self._changed = threading.Condition()

    def last_id(self) -> str:
        return f"{self.boot}:{len(self._events)}"

    def publish(self, kind: str, data: dict[str, Any]) -> None:
        with self._changed:
            event_id = f"{self.boot}:{len(self._events) + 1}"
            self._events.append({"id": event_id, "kind": kind, "data": data})
            self._changed.notify_all()

    def note(self, sender: str, receiver: str, words: str, **told: Any) -> None:
        """Add a message to the exchange log, in the app's form."""
        with self._changed:
            number = len(self.messages) + 1
            between = {"sender": sender, "receiver": receiver, "label": words, "words": words}
            plain = {"id": number, "at": 1_800_000_000.0 + number, "kind": "call", "call": "", "trace_id": "t1"}
            self.messages.append({**plain, **between, "step": "", "detail": {}, **told})
            self._changed.notify_all()

    def restart(self, boot: str) -> None:
        """Start over under another boot, as a restarted server does."""
        with self._changed:
            self.boot, self._events = boot, []
            self._changed.notify_all()

    def after(self, event_id: str | None) -> list[dict[str, Any]]:
        boot, _, n = (event_id or self.last_id()).rpartition(":")
        if boot == self.boot:
            return self._events[int(n) :]
        return [{"id": self.last_id(), "kind": "reset", "data": {}}]

    def stream(self) -> Iterator[str]:
        self.streams += 1
        seen, noted = self.last_id(), len(self.messages)
        try:
            yield ": hello\n\n"
            while True:
                with self._changed:
                    if self.last_id() == seen and len(self.messages) == noted:
                        self._changed.wait(HEARTBEAT_SECONDS)
                    fresh, seen = self.after(seen), self.last_id()
                    messages, noted = self.messages[noted:], len(self.messages)
                yield ": beat\n\n"
                for message in messages:
                    yield f"event: exchange\ndata: {json.dumps(message)}\n\n"
                for event in fresh:
                    yield f"id: {event['id']}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n"
        finally:
            self.streams -= 1


def event_routes(log: EventLog) -> Blueprint:
    """`/events`, `/events.json` and `/exchanges.json`, as the app serves them."""
    routes = Blueprint("events", __name__)

    @routes.get("/events")
    def stream() -> Response:
        if not log.has_room:
            abort(503)
        return Response(log.stream(), mimetype="text/event-stream")

    @routes.get("/events.json")
    def snapshot() -> dict[str, Any]:
        return {"events": log.after(request.args.get("after")), "last": log.last_id()}

    @routes.get("/exchanges.json")
    def exchanges() -> dict[str, Any]:
        log.asked.append(request.full_path)
        found = log.messages[request.args.get("after", 0, type=int) :]
        found = [each for each in found if request.args.get("trace", each["trace_id"]) == each["trace_id"]]
        return {"messages": [brief(each) for each in found] if "brief" in request.args else found}

    @routes.get("/exchanges/<int:number>.json")
    def exchange(number: int) -> dict[str, Any]:
        found: dict[str, Any] = log.messages[number - 1]
        return found

    @routes.get("/exchanges/<int:number>/source.json")
    def source(number: int) -> dict[str, Any]:
        lines = [{"number": n, "text": f"line {n}", "hot": n == number} for n in (number, number + 1)]
        return {"excerpts": [{"file": "alc_app/a_file.py", "lines": lines}]}

    return routes
