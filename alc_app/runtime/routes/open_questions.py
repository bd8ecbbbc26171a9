"""Questions of record actions that wait for a person's answer: not for ever, and not any number of them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

WAITS = 900.0
"""Seconds that a question waits for its answer."""
MOST_EACH, MOST = 50, 2000
"""Questions of one person that may wait, and of everybody in this process. One more, and the oldest is dropped."""
NOT_OPEN = (
    f"This question is no longer open. It was answered, is older than {WAITS / 60:.0f} minutes, was replaced by newer "
    f"questions, or the app restarted."
)


class Closable(Protocol):
    """What can be ended early, such as a coroutine."""

    def close(self) -> None:
        """End it."""


A = TypeVar("A", bound=Closable)


@dataclass(frozen=True)
class _Question(Generic[A]):
    asker: A
    person_id: str | None
    since: float


class OpenQuestions(Generic[A]):
    """Who has asked, by an id for each question; whoever is dropped is closed."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Hold none yet; `now` returns seconds."""
        self._now, self._lock = now, threading.Lock()
        self._open: dict[str, _Question[A]] = {}

    def add(self, asker: A, person_id: str | None) -> str:
        """Keep who asks this person something, and return the id of the question."""
        key = uuid.uuid4().hex
        with self._lock:
            self._open[key] = _Question(asker, person_id, self._now())
            dropped = [self._open.pop(each).asker for each in {*self._too_old(), *self._too_many(person_id)}]
        for each in dropped:
            each.close()
        return key

    def take(self, key: str, person_id: str | None) -> A:
        """Return who has asked this person, once. Raises: LookupError, if it was somebody else, or does not wait."""
        with self._lock:
            found = self._open[key]
            if found.person_id != person_id or self._is_old(found):
                raise LookupError(key)
            return self._open.pop(key).asker

    def _is_old(self, question: _Question[A]) -> bool:
        return self._now() - question.since > WAITS

    def _too_old(self) -> Iterator[str]:
        return (key for key, question in self._open.items() if self._is_old(question))

    def _too_many(self, person_id: str | None) -> list[str]:
        """Return the oldest of this person's, and of all, that are more than may wait."""
        keys = list(self._open)
        own = [key for key in keys if self._open[key].person_id == person_id]
        return own[: max(0, len(own) - MOST_EACH)] + keys[: max(0, len(keys) - MOST)]
