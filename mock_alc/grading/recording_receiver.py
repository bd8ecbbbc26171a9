"""A webhook receiver that tests its sender: it answers each message by a plan and records every attempt."""

import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, request

ELSEWHERE = "/elsewhere"
WAIT = 2
"""Seconds of the `Retry-After` header."""
LARGEST = 1_000_000


@dataclass(frozen=True)
class Attempt:
    """One request of the sender, and the status that it was answered with. `at` is in Unix seconds."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


@dataclass
class Message:
    """All attempts with one webhook-id, and the plan that they are answered by."""

    plan: str
    attempts: list[Attempt] = field(default_factory=list)
    waited: float | None = None
    """Seconds until the sender closed the connection that was left without an answer; None for other plans."""

    @property
    def finished(self) -> bool:
        """Whether no further attempt is due, because one was answered 200 or 410."""
        return any(attempt.status in (200, 410) for attempt in self.attempts)


PLANS = ("taken", "broken", "busy", "moved", "silent", "gone")
"""Plans of the first six messages, in this order: 200; 500; 503 with Retry-After; 307; no answer; 410. Others: 410."""
PATIENCE = 30.0
"""Seconds after which a sender should end an attempt; Standard Webhooks recommends 15 to 30."""
FIRST_ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    "taken": (200, {}),
    "broken": (500, {}),
    "busy": (503, {"Retry-After": str(WAIT)}),
    "moved": (307, {"Location": ELSEWHERE}),
    "silent": (503, {}),  # Seen only by a sender that waited longer than the patience.
    "gone": (410, {}),
}


class RecordingReceiver:
    """A WSGI application (`app`) and what it has recorded."""

    def __init__(self, now: Callable[[], float] = time.time, patience: float = PATIENCE) -> None:
        """Use `now` for the times of attempts; `patience` is the seconds after which the sender should give up."""
        self._now, self._lock, self.patience = now, threading.Lock(), patience
        self.messages: dict[str, Message] = {}
        self.followed: list[Attempt] = []
        """Requests to the target of the redirect. A correct sender makes none."""
        self.changed = threading.Event()
        self.app = Flask(__name__)
        self.app.config["MAX_CONTENT_LENGTH"] = LARGEST
        for rule in ("/", "/<path:_path>"):
            self.app.add_url_rule(rule, rule, self._answer, methods=["POST", "PUT", "PATCH", "GET"])

    @property
    def finished(self) -> bool:
        """Whether every plan has been carried out."""
        return len(self.messages) >= len(PLANS) and all(message.finished for message in self.messages.values())

    def _answer(self, _path: str = "") -> Response:
        with self._lock:
            key = request.headers.get("webhook-id") or f"(no id, number {len(self.messages) + 1})"
            known = self.messages.get(key)
            plan = known.plan if known else PLANS[min(len(self.messages), len(PLANS) - 1)]
            status, headers = FIRST_ANSWERS[plan]
            if request.path == ELSEWHERE or (known and plan != "gone"):
                status, headers = 200, {}
            attempt = Attempt(
                self._now(), request.method, request.path, dict(request.headers), request.get_data(), status
            )
            if request.path == ELSEWHERE:
                self.followed.append(attempt)
            else:
                self.messages.setdefault(key, Message(plan)).attempts.append(attempt)
        if plan == "silent" and not known:
            self._wait_for_the_sender_to_give_up(self.messages[key])
        self.changed.set()
        return Response(status=status, headers=headers)

    def _wait_for_the_sender_to_give_up(self, message: Message) -> None:
        """Hold the connection until the sender closes it, which makes it readable, or the patience is over."""
        began, connection = self._now(), request.environ.get("werkzeug.socket")
        if connection is not None:
            select.select([connection], [], [], self.patience)
        message.waited = self._now() - began
