"""Kill the integration's processes and start them again, also in the middle of what they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from mock_alc.scenarios.operations import REGISTER, SEND
from mock_alc.testing.storm.day import Day

SOON = 10.0
"""Seconds in which a request that is under way reaches ALC."""


def kill(day: Day) -> None:
    """Kill the integration and start it again."""
    _kill(day)
    _start(day)


def kill_in_click(day: Day, who: int) -> None:
    """Kill it when ALC has taken the lead, and the integration does not know yet."""
    record_id, before = day.person(who), len(day.leads())
    _kill_while(day, lambda: day.click(who), SEND, {"recordId": record_id}, lambda: len(day.leads()) > before)


def kill_in_connect(day: Day) -> bool:
    """Kill it when ALC has registered the webhook, and the integration does not know yet; False if there is none."""
    day.connection.note_webhooks()
    connect, began, before = day.integration.connect, day.now(), day.connection.count_webhooks()
    if connect is None:
        return False

    def press() -> None:
        with suppress(Exception):  # the process is killed
            connect()

    _kill_while(day, press, REGISTER, {}, lambda: day.connection.count_webhooks() > before)
    day.connection.note_failed_connect(began)
    return True


def _kill_while(
    day: Day, does: Callable[[], object], route: str, match: Mapping[str, Any], is_done: Callable[[], bool]
) -> None:
    """Kill it while ALC answers slowly what `does` has asked for, as soon as ALC has done it."""
    fault = {"route": route, "trouble": "slow", "seconds": SOON, "match": dict(match)}
    fault_id = day.control("POST", "faults", fault)["id"]
    doing = threading.Thread(target=does)
    doing.start()
    until = time.monotonic() + SOON
    while doing.is_alive() and not is_done() and time.monotonic() < until:
        doing.join(0.02)
    _kill(day)
    day.control("DELETE", f"faults/{fault_id}", None)
    _start(day)
    doing.join()


def _kill(day: Day) -> None:
    if day.integration.kill is None:
        raise TypeError("An integration that is killed has both kill and start.")
    day.integration.kill()


def _start(day: Day) -> None:
    if day.integration.start is None:
        raise TypeError("An integration that is killed has both kill and start.")
    day.integration.start()
