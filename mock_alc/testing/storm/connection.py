"""The connection of the integration with ALC on one day: ended, made again, disabled, and what it leaves at ALC."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_alc.testing.storm.integration import Control, Integration

NO_FAULT: Mapping[str, Any] = {}
TRIES = 3
"""How often a person presses Connect or Disconnect, if it is refused."""
NEVER = "9999"
"""Later than every time of the clock. Times are texts in ISO 8601, which sort as they are."""


class CannotBegin(Exception):
    """The integration refuses to be connected on a day without trouble. The message is a sentence."""


@dataclass
class Connection:
    """The connection of one integration. It is up when a day begins."""

    integration: Integration
    control: Control
    patience: float
    """Seconds that the integration has for what it does in the background."""
    is_up: bool = True
    may_lack_tokens: bool = False
    """Whether old webhooks may stay until the next connect: no token may be valid, or a connect has failed."""
    is_disabled: bool = False
    """Whether ALC has disabled the webhook of this connection."""
    made_at: str = ""
    """When the last connect of the day began, in ALC's time."""
    wrong: list[str] = field(default_factory=list)
    """What the integration has left at ALC, in sentences."""
    deaf: str = ""
    """Why results cannot arrive though a person has connected it, as a sentence."""
    _breaks: list[tuple[str, str]] = field(default_factory=list)
    """From when until when it was not up. The last one may last until NEVER."""
    _webhooks: int = 0
    """How many webhooks one connection has."""
    _last_refusal: str = ""
    """What the integration said when it last refused to be connected."""

    def begin(self, make_new: bool) -> None:
        """Count the webhooks. Connect if there is none, or if a new connection is wanted. Raises: CannotBegin."""
        if self.integration.connect and make_new:
            if self.integration.disconnect:
                self._refusal(self.integration.disconnect)
            self.control("POST", "webhooks/disable", None)
            if refusal := self._refusal(self.integration.connect, TRIES):
                raise CannotBegin(f"Without any trouble, the integration refuses to be connected: {refusal}")
            self.integration.wait_a_moment()
        elif self.integration.connect and not self.count_webhooks():
            self.integration.connect()
            self.integration.wait_a_moment()
        self._webhooks = self.count_webhooks()

    def note_webhooks(self) -> None:
        """Count the webhooks again before they change: the integration may register one of them in the background."""
        if self.was_never_changed:
            self._webhooks = max(self._webhooks, self.count_webhooks())

    @property
    def is_well(self) -> bool:
        """Tell whether nobody needs to connect the integration again."""
        return self.is_up and not (self.may_lack_tokens or self.is_disabled)

    @property
    def was_never_changed(self) -> bool:
        """Tell whether the integration has been connected all day, and with a token that is valid."""
        return self.is_well and not self._breaks

    @property
    def listens(self) -> bool:
        """Tell whether the webhook of the last connect is there for sure."""
        return self.is_up and not self.is_disabled and (not self._breaks or self._breaks[-1][1] != NEVER)

    def was_up(self, at: str) -> bool:
        """Tell whether the integration was connected at a time."""
        return not any(begin <= at <= end for begin, end in self._breaks)

    def disconnect(self, fault: Mapping[str, Any] = NO_FAULT) -> bool:
        """Disconnect, with a fault of ALC's if there is one; False if it is disconnected already."""
        if not self.is_up or self.integration.disconnect is None:
            return False
        self.note_webhooks()
        self._set(fault)
        began = self._now()
        if refusal := self._refusal(self.integration.disconnect, TRIES):
            if not self.may_lack_tokens:
                self.wrong.append(f"The integration refuses to be disconnected: {refusal}")
        else:
            self.is_up = False
            self._breaks.append((began, NEVER))
        return True

    def connect(self, fault: Mapping[str, Any] = NO_FAULT) -> bool:
        """Connect, with a fault of ALC's if there is one; False if it is connected.

        Before, note the webhooks that are left at ALC.
        """
        if self.is_up or self.integration.connect is None:
            return False
        if not self.may_lack_tokens and (left := self._too_many(wanted=0)):
            self.wrong.append(f"The integration was disconnected, but ALC still has {left} of its webhooks.")
        self._set(fault)
        self.make()
        return True

    def connect_once_more(self, fault: Mapping[str, Any] = NO_FAULT) -> bool:
        """Connect what is connected, as a person does who is not sure; False if it is not connected."""
        if not self.is_up or self.integration.connect is None:
            return False
        self.note_webhooks()
        self._set(fault)
        self.make()
        return True

    def make(self) -> None:
        """Connect, and note the webhooks that are too many."""
        if self.integration.connect is None:
            return
        began = self._now()
        if refusal := self._refusal(self.integration.connect):
            self._last_refusal = refusal
            self.note_failed_connect(began)
            return
        since = self._breaks.pop()[0] if self._breaks and self._breaks[-1][1] == NEVER else began
        self._breaks.append((since, self._now()))
        self.made_at, self.is_up, self.may_lack_tokens, self.is_disabled = began, True, False, False
        if self._has_none():
            self.deaf = "The integration was connected, but ALC has no active webhook of it."
        if left := self._too_many(wanted=self._webhooks):
            self.wrong.append(f"The integration was connected again, but ALC has too many of its webhooks: {left}.")

    def note_failed_connect(self, began: str) -> None:
        """Note that a connect has failed, by ALC, by the integration, or because it was killed."""
        self.may_lack_tokens = True
        if not self._breaks or self._breaks[-1][1] != NEVER:
            self._breaks.append((began, NEVER))

    def disable(self) -> bool:
        """Let ALC disable the webhook, as after days of failures; False if there is none."""
        self.note_webhooks()
        found = self.control("POST", "webhooks/disable", None)["disabled"]
        self.is_disabled |= bool(found)
        return bool(found)

    def restore(self) -> None:
        """Connect again, up to three times, as a person does who sees that it is not connected, or not rightly."""
        if self.integration.connect is None:
            return
        if self.is_disabled:
            self.disconnect()
        for _ in range(TRIES):
            if self.is_well:
                return
            if not self.connect_once_more():
                self.connect()
        if not self.is_well:
            self.deaf = f"When all trouble was over, the integration refused to be connected: {self._last_refusal}"

    def _refusal(self, press: Callable[[], object], tries: int = 1) -> str:
        """Return what the integration says if it refuses, so often, what a person asks for."""
        said = ""
        for _ in range(tries):
            try:
                press()
            except Exception as error:
                said = str(error) or type(error).__name__
                self.integration.wait_a_moment()
            else:
                return ""
        return said

    def _too_many(self, wanted: int) -> int:
        """Count the active webhooks that are too many. The integration has a while to delete them."""
        return max(self._count_until(lambda count: count <= wanted) - wanted, 0)

    def _has_none(self) -> bool:
        """Tell whether ALC has no active webhook. The integration has a while to register one."""
        return not self._count_until(lambda count: count > 0)

    def _count_until(self, is_right: Callable[[int], bool]) -> int:
        """Count the active webhooks, again and again until the count is right, or the integration has had its time."""
        until = time.monotonic() + self.patience
        while not is_right(count := self.count_webhooks()) and time.monotonic() < until:
            self.integration.wait_a_moment()
        return count

    def count_webhooks(self) -> int:
        """Count the webhooks that ALC delivers to."""
        return int(self.control("GET", "state", None)["webhooks"].get("active", 0))

    def _set(self, fault: Mapping[str, Any]) -> None:
        if fault:
            self.control("POST", "faults", dict(fault))

    def _now(self) -> str:
        return str(self.control("GET", "clock?idle=no", None)["now"])
