"""How far the tour is: made of the log of exchanges alone, message by message, so that there is nothing to lose."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .steps import BY_ID

Message = dict[str, Any]

BEGINS: Final = "Begins the tutorial"
"""The message from which on a tour counts. Without one, it counts from where the log begins."""
WHOLE: Final = {"Installation 4": "Shows app is now installed"}
"""A step that takes more than one message is done with this one."""

NOTED_WITHIN, LOOK_EVERY = 2.0, 0.02
"""Seconds."""


@dataclass
class Seen:
    """The message that a step was seen by, and its answer when there is one."""

    message: Message
    answer: Message | None = None

    @property
    def running(self) -> bool:
        """Is it a call that has not been answered?"""
        return self.message["kind"] == "call" and bool(self.message["call"]) and self.answer is None

    @property
    def failed(self) -> bool:
        """Was it answered with an error?"""
        return bool(self.answer and self.answer["detail"].get("failed"))

    @property
    def done(self) -> bool:
        """Has it happened, to its end?"""
        return not self.running and not self.failed


class Progress:
    """What has been seen of each step since the tour began."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self._open: dict[str, tuple[str, Seen]] = {}
        self.begun = 0

    def take(self, message: Message) -> None:
        """Take the next message of the log."""
        if message["label"] == BEGINS:
            self.seen, self._open, self.begun = {}, {}, self.begun + 1
            return
        step, call = message["step"], message["call"]
        if step in BY_ID and WHOLE.get(step, message["label"]) == message["label"]:
            seen = Seen(message)
            if seen.running:
                self._open[call] = (step, seen)
            self._note(step, seen)
        if message["kind"] == "answer" and call in self._open:
            asked, seen = self._open.pop(call)
            seen.answer = message
            self._note(asked, seen)

    def _note(self, step: str, seen: Seen) -> None:
        """What was seen stays seen, whatever becomes of another try; of one run, its first message tells most."""
        known = self.seen.get(step)
        same_run = known and known.message["trace_id"] == seen.message["trace_id"]
        if not known or not known.done or (seen.done and not same_run):
            self.seen[step] = seen


class Follower:
    """Keeps a `Progress` at the end of the log; asked by many threads."""

    def __init__(self, messages_after: Callable[[int], list[Message]]) -> None:
        self._messages_after = messages_after
        self._progress, self._number = Progress(), 0
        self._lock = threading.Lock()

    def seen(self) -> dict[str, Seen]:
        """What has been seen of each step, by its id, as the log has it now."""
        with self._lock:
            self._catch_up()
            return dict(self._progress.seen)

    def begin(self, note: Callable[[str], None]) -> None:
        """Note that the tour begins anew. Returns when it has: the log is written by a thread of its own."""
        with self._lock:
            self._catch_up()
            begun, deadline = self._progress.begun, time.monotonic() + NOTED_WITHIN
            note(BEGINS)
            while self._progress.begun == begun and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY)  # the log of exchanges is written by another thread
                self._catch_up()

    def _catch_up(self) -> None:
        while messages := self._messages_after(self._number):
            for message in messages:
                self._progress.take(message)
                self._number = message["id"]
