"""A receiver that examines its sender: it takes one message, fails at the next, redirects another, and notes it all."""

import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, request

ELSEWHERE = "/elsewhere"
WAIT = 2
"""Seconds that the receiver asks a sender to wait."""
LARGEST = 1_000_000


@dataclass(frozen=True)
class Attempt:
    """One request of the sender, and how it was answered."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


@dataclass
class Message:
    """All attempts under one id, and what it is put through."""

    plan: str
    attempts: list[Attempt] = field(default_factory=list)
    waited: float | None = None
    """Seconds that the sender waited for an answer that never came; None while it waits, and if it need not."""

    @property
    def over(self) -> bool:
        """Whether it was taken, or told that we are gone."""
        return any(attempt.status in (200, 410) for attempt in self.attempts)


PLANS = ("taken", "broken", "busy", "moved", "silent", "gone")
"""What the first six messages meet, in this order: 200; 500; 503 with Retry-After; 307; no answer; 410. Others: 410."""
PATIENCE = 30.0
"""Seconds in which Standard Webhooks would have a sender give up: 15 to 30."""
FIRST_ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    "taken": (200, {}),
    "broken": (500, {}),
    "busy": (503, {"Retry-After": str(WAIT)}),
    "moved": (307, {"Location": ELSEWHERE}),
    "silent": (503, {}),  # To who is still there when all patience is at its end.
    "gone": (410, {}),
}


class Exam:
    """The WSGI application and its notes; `patience` is the seconds in which the sender says that it gives up."""

    def __init__(self, now: Callable[[], float] = time.time, patience: float = PATIENCE) -> None:
        self._now, self._lock, self.patience = now, threading.Lock(), patience
        self.messages: dict[str, Message] = {}
        self.followed: list[Attempt] = []
        """What came to the address that a redirect named: nothing should."""
        self.changed = threading.Event()
        self.app = Flask(__name__)
        self.app.config["MAX_CONTENT_LENGTH"] = LARGEST
        for rule in ("/", "/<path:_path>"):
            self.app.add_url_rule(rule, rule, self._take, methods=["POST", "PUT", "PATCH", "GET"])

    @property
    def over(self) -> bool:
        """Whether every plan has been carried out."""
        return len(self.messages) >= len(PLANS) and all(message.over for message in self.messages.values())

    def _take(self, _path: str = "") -> Response:
        with self._lock:
            key = request.headers.get("webhook-id") or f"(without an id, number {len(self.messages) + 1})"
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
            self._say_nothing(self.messages[key])
        self.changed.set()
        return Response(status=status, headers=headers)

    def _say_nothing(self, message: Message) -> None:
        """Hold the connection until the sender ends it, which makes it readable, or patience is at its end."""
        began, connection = self._now(), request.environ.get("werkzeug.socket")
        if connection is not None:
            select.select([connection], [], [], self.patience)
        message.waited = self._now() - began
