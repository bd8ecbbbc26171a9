"""The messages of both sides of a run, as they come, and at the end those that one side alone has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from typing import Any

from alc_app.attio.host import trace
from alc_app.labs.background import submit
from alc_app.pages import SideName
from alc_app.runtime.exchanges.log import ExchangeLog

Message = dict[str, Any]
"""A message of the exchange log, with its words."""
LOOK_EVERY = 0.2
LATE = 0.4
"""Seconds in which the last messages of another process are written."""


class Drawings:
    """Emits each message of each side, and remembers it."""

    def __init__(self, emit: Callable[[dict[str, Any]], object]) -> None:
        """Emit `{"event": "message", "side", "message"}`."""
        self._emit = emit
        self._messages: dict[SideName, list[Message]] = {"naive": [], "ours": []}
        self._drawing = {"naive", "ours"}

    def add(self, side: SideName, message: Message) -> None:
        """Emit a message, unless the side's run has ended and only its clean-up goes on."""
        if side in self._drawing:
            self._messages[side].append(message)
            self._emit({"event": "message", "side": side, "message": message})

    def end(self, side: SideName) -> None:
        """Draw nothing more of this side."""
        self._drawing.discard(side)

    def differences(self) -> dict[str, Any]:
        """Return the event with the ids of the messages that one side alone has."""
        naive, ours = self._messages["naive"], self._messages["ours"]
        return {"event": "differences", "naive": only_in(naive, ours), "ours": only_in(ours, naive)}


def only_in(side: Sequence[Message], other: Sequence[Message]) -> list[int]:
    """Return the ids of the messages of `side` that have no counterpart in `other`, when both are laid side by side."""
    mine, theirs = [list(map(_shown, _without_notes(messages))) for messages in (side, other)]
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    matched = {block.a + offset for block in blocks for offset in range(block.size)}
    return [message["id"] for place, message in enumerate(_without_notes(side)) if place not in matched]


def _without_notes(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message["kind"] != "note"]


def _shown(message: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what a reader sees of a message."""
    return message["sender"], message["receiver"], message["words"]


@contextmanager
def following(exchanges: ExchangeLog, found: Callable[[Message], object]) -> Iterator[None]:
    """Within the block, call `found` with each message of the current trace, which other processes log, too."""
    trace_id, number, ended = trace.trace_id(), exchanges.last_number(), threading.Event()

    def follow() -> None:
        last = number
        while True:
            is_last = ended.wait(LOOK_EVERY)
            for message in exchanges.after(last, trace_id=trace_id):
                last = message["id"]
                found(message)
            if is_last:
                return

    following = submit(follow)
    try:
        yield
    finally:
        time.sleep(LATE)  # other processes write the log
        ended.set()
        following.result()
