"""How a storm plays each operation (mock_alc/scenarios/operations.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mock_alc.testing.storm.day import Day
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.killing import kill, kill_in_click, kill_in_connect

Play = Callable[[Day, Happening, Mapping[str, Any]], bool]
"""Returns False if there was nothing to do."""


def _click(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.click(what.who, *values.get("also", (what.who,) * (values.get("times", 1) - 1)))
    return True


def _fail(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.control("POST", "faults", dict(values))
    return True


def _expire(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.expire_tokens()
    day.connection.may_lack_tokens |= values.get("effect") == "done"
    return _fail(day, what, values) if values else True


def _decide(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.decide(what.who, values["interest"], values.get("fault"))


def _begin_scenario(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.control("POST", f"scenarios/{what.how}", {"record_id": day.person(what.who)})
    return True


def _resend(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.resend(what.who, values["which"])


def _wait(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.let_pass(values["seconds"])
    if values.get("expires"):
        day.expire_tokens()
    return True


def _kill(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    if values.get("in_connect"):
        return kill_in_connect(day)
    if values.get("in_click"):
        kill_in_click(day, what.who)
        return True
    if values.get("after_verdict") and not day.decide(what.who, "interested", None):
        return False
    kill(day)
    return True


def _disconnect(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.connection.disconnect(values)


def _connect(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.connection.connect(values)


def _connect_once_more(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    return day.connection.connect_once_more(values)


def _disable(day: Day, what: Happening, values: Mapping[str, Any]) -> bool:
    day.fill_pages(values.get("leads", 0))
    return day.connection.disable()


PLAYS: Mapping[str, Play] = {
    "click": _click,
    "answer": _fail,
    "verdict": _decide,
    "next_verdict": _begin_scenario,
    "resend": _resend,
    "wait": _wait,
    "tokens": _expire,
    "refresh": _expire,
    "kill": _kill,
    "disconnect": _disconnect,
    "connect": _connect,
    "connect_once_more": _connect_once_more,
    "disable": _disable,
}
