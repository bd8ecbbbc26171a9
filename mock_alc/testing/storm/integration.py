"""What a storm needs of the integration under test."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

Json = dict[str, Any]
Control = Callable[[str, str, Any], Json]
"""The control API of a mock: method, path below `/_mock/`, body. Returns the answer."""

MOMENT = 0.05
"""Seconds."""


def new_person() -> str:
    """Return the record id of a person that nobody has used."""
    return str(uuid4())


@dataclass(frozen=True)
class Integration:
    """How a person and the machine's owner use the integration. What is None never happens."""

    click: Callable[[str], object]
    """Sends a person, by record id, and returns when the person is told of the result. An exception is a refusal."""
    status: Callable[[str], str | None]
    """What the CRM shows of a person: Pending, Complete, Failed, or None. An OSError says that nobody answers."""
    person: Callable[[], str] = new_person
    """Makes a person, and returns the record id."""
    connect: Callable[[], object] | None = None
    """Connects the integration to ALC; returns when it is done."""
    disconnect: Callable[[], object] | None = None
    kill: Callable[[], object] | None = None
    """Kills the integration's processes, at any moment and without a warning."""
    start: Callable[[], object] | None = None
    """Starts them again; returns when they answer."""
    reset: Callable[[], object] | None = None
    """Deletes what they have stored, between `kill` and `start`, after a day that may have broken it for good."""
    settle: Callable[[], object] | None = None
    """Called before a storm judges, and while it waits: lets what is under way end, and the app's own timers come."""
    pending: str = "Pending"
    """The status that says that a chat is under way."""

    @property
    def can(self) -> Mapping[str, bool]:
        """Tell what may happen on a day."""
        return {
            "click": True,
            "reconnect": self.connect is not None and self.disconnect is not None,
            "kill": self.kill is not None and self.start is not None,
        }

    def wait_a_moment(self, seconds: float = MOMENT) -> None:
        """Give the integration a moment for what it does in the background."""
        if self.settle:
            self.settle()
        time.sleep(seconds)  # in its own processes or threads
