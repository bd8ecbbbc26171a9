"""Record actions, as messages of the log of exchanges: the half of the tutorial's Usage diagram that is not HTTP."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from alc_app.attio.effects import Effect
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.exchanges.source_lines import Source, line_of

ACTION, UI, USER = "Record Action", "Attio UI", "User"
SEEN = {
    "showToast": ("show_toast()", 'Shows "{title}" toast'),
    "hideToast": ("hide_toast()", "Hides the toast"),
    "updateToast": ("update_toast()", "Updates the toast"),
    "confirm": ("confirm()", 'Asks "{title}"'),
    "alert": ("alert()", 'Shows alert "{title}"'),
}


def log_click(exchanges: ExchangeLog, label: str, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Usage 3 and 4."""
    exchanges.note(USER, UI, "Clicks button", detail_of_button=label)
    exchanges.note(UI, ACTION, "Fires on_trigger()", source=source_of(coroutine))


def log_effect(exchanges: ExchangeLog, effect: Effect, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Something that the action asks the browser to show. Usage 5, 11, 12."""
    said, seen = SEEN.get(effect.name, (effect.name, effect.name))
    exchanges.note(ACTION, UI, said, kind="answer", source=source_of(coroutine), arguments=dict(effect.data))
    exchanges.note(UI, USER, seen.format_map({"title": "", **effect.data}), kind="answer")


def log_function_call(calls: Sequence[Mapping[str, Any]]) -> str:
    """Usage 7; of calls that are made side by side, how many."""
    one = f"Calls {calls[0]['function']}()" if calls else "Calls nothing"
    return one if len(calls) < 2 else f"{one} for {len(calls)} records"


def log_answer(calls: Sequence[Mapping[str, Any]]) -> Any:
    """The arguments of a call, or of each of several."""
    return calls[0]["args"] if len(calls) == 1 else [call["args"] for call in calls]


def source_of(coroutine: Coroutine[Any, Any, Any]) -> list[Source]:
    """The line at which a suspended action stands."""
    frame = getattr(coroutine, "cr_frame", None)
    found = line_of(frame) if frame else None
    return [found] if found else []
