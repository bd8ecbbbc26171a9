"""The tour's progress, computed from the exchange log alone, so nothing else must be stored."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from alc_app.attio.host import trace

from .steps import BY_ID

Message = dict[str, Any]

BEGINS: Final = "Begins the tutorial"
"""The label of the message that starts a tour. Without one, a tour starts where the log does."""
COMPLETED_BY: Final = {"Installation 4": "Shows app is now installed"}
"""For steps of more than one message: the label of the message that completes the step."""

NOTED_WITHIN, POLL_EVERY = 2.0, 0.02
"""Seconds."""


@dataclass
class Evidence:
    """The message that shows that a step happened, and the answer to it if there is one."""

    message: Message
    answer: Message | None = None

    @property
    def running(self) -> bool:
        """Whether it is a call without an answer."""
        return self.message["kind"] == "call" and bool(self.message["call"]) and self.answer is None

    @property
    def failed(self) -> bool:
        """Whether the answer is an error."""
        return bool(self.answer and self.answer["detail"].get("failed"))

    @property
    def done(self) -> bool:
        """Whether the step is complete."""
        return not self.running and not self.failed


class Progress:
    """The evidence of each step since the tour began, by step id."""

    def __init__(self) -> None:
        """Begin with no evidence."""
        self.evidence: dict[str, Evidence] = {}
        self._open: dict[str, tuple[str, Evidence]] = {}
        self.tours = 0

    def add(self, message: Message) -> None:
        """Add the next message of the log. What a lab does is no step of the user's tutorial."""
        if trace.is_rehearsal(message["trace_id"]):
            return
        if message["label"] == BEGINS:
            self.evidence, self._open, self.tours = {}, {}, self.tours + 1
            return
        step, call = message["step"], message["call"]
        if step in BY_ID and COMPLETED_BY.get(step, message["label"]) == message["label"]:
            found = Evidence(message)
            if found.running:
                self._open[call] = (step, found)
            self._keep(step, found)
        if message["kind"] == "answer" and call in self._open:
            called, found = self._open.pop(call)
            found.answer = message
            self._keep(called, found)

    def _keep(self, step: str, found: Evidence) -> None:
        """Keep new evidence of a step unless the step is done.

        A later success in another run replaces the earlier one; within one run the first message says most.
        """
        known = self.evidence.get(step)
        same_run = known and known.message["trace_id"] == found.message["trace_id"]
        if not known or not known.done or (found.done and not same_run):
            self.evidence[step] = found


class Follower:
    """Keeps a `Progress` up to date with the log. Thread-safe."""

    def __init__(self, messages_after: Callable[[int], list[Message]]) -> None:
        """Follow the log that `messages_after` reads."""
        self._messages_after = messages_after
        self._progress, self._number = Progress(), 0
        self._lock = threading.Lock()

    def evidence(self) -> dict[str, Evidence]:
        """Return the current evidence of each step, by step id."""
        with self._lock:
            self._read_log()
            return dict(self._progress.evidence)

    def begin(self, note: Callable[[str], None]) -> None:
        """Begin the tour again. Wait until the log contains the beginning, because another thread writes it."""
        with self._lock:
            self._read_log()
            tours, deadline = self._progress.tours, time.monotonic() + NOTED_WITHIN
            note(BEGINS)
            while self._progress.tours == tours and time.monotonic() < deadline:
                time.sleep(POLL_EVERY)  # another thread writes the log
                self._read_log()

    def _read_log(self) -> None:
        while messages := self._messages_after(self._number):
            for message in messages:
                self._progress.add(message)
                self._number = message["id"]
