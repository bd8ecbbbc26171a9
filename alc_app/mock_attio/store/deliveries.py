"""The latest messages to webhooks with their attempts, in memory: the outbox keeps only what is not delivered yet."""

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from alc_app.mock_attio.store.webhook_tables import Message
from mock_alc.base.clock import iso

Json = dict[str, Any]
State = Literal["pending", "delivered", "failed", "cancelled"]
STATES = get_args(State)
KEPT = 500


@dataclass(frozen=True)
class Attempt:
    """One attempt: the status of the answer, or why there was none, and the trouble that a fault made, if any."""

    at: datetime
    status: int | None
    error: str | None
    fault: str | None


class DeliveryLog:
    """The latest KEPT messages that were tried, by their ids."""

    def __init__(self) -> None:
        """Begin empty."""
        self._tried: dict[str, Json] = {}
        self._lock = threading.Lock()

    def add_attempt(self, message: Message, attempt: Attempt, state: State) -> None:
        """Record an attempt, and the state of the message after it."""
        with self._lock:
            sent = as_json(message)
            entry = self._tried.setdefault(message.message_id, sent)
            entry["body"] = sent["body"]
            number = len(entry["attempts"]) + 1
            entry["attempts"].append({"number": number, **asdict(attempt), "at": iso(attempt.at)})
            entry["state"] = state
            if len(self._tried) > KEPT:
                del self._tried[next(iter(self._tried))]

    def was_taken(self, message_id: str) -> bool:
        """Return whether an attempt of this message was answered 2xx."""
        with self._lock:
            tried = self._tried.get(message_id, {"attempts": []})
            return any(200 <= (attempt["status"] or 0) < 300 for attempt in tried["attempts"])

    def listed(self, waiting: Sequence[Message]) -> list[Json]:
        """Return the messages that were tried and those that wait in the outbox, oldest first.

        A pending message that waits no longer was cancelled: its webhook is gone or inactive.
        """
        pending = {message.message_id: as_json(message) for message in waiting}
        with self._lock:
            tried = [{**entry, "attempts": list(entry["attempts"])} for entry in self._tried.values()]
        for entry in tried:
            waits = pending.pop(entry["id"], None)
            was_pending = entry["state"] == "pending"
            entry["state"] = "pending" if waits else "cancelled" if was_pending else entry["state"]
            entry["next_attempt_at"] = waits["next_attempt_at"] if waits else None
        return [*tried, *pending.values()]

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._tried.clear()


def as_json(message: Message) -> Json:
    """Return a message of the outbox as the control API shows it."""
    body = json.loads(message.body)
    event = body["events"][0]
    return {
        "id": message.message_id,
        "webhook_id": message.webhook_id,
        "event": event["event_type"],
        "ids": event["id"],
        "state": "pending",
        "body": body,
        "attempts": [],
        "next_attempt_at": iso(datetime.fromtimestamp(message.due_at, UTC)),
    }
