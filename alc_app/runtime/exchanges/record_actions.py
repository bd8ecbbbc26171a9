"""Log record actions as exchanges: the messages of the tutorial's Usage diagram that are not HTTP."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from alc_app.attio.effects import Effect
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.exchanges.source_lines import Source, line_of

ACTION, UI, USER = "Record Action", "Attio UI", "User"
EFFECT_LABELS = {
    "showToast": ("show_toast()", 'Shows "{title}" toast'),
    "hideToast": ("hide_toast()", "Hides the toast"),
    "updateToast": ("update_toast()", "Updates the toast"),
    "confirm": ("confirm()", 'Asks "{title}"'),
    "alert": ("alert()", 'Shows alert "{title}"'),
}
"""By effect: the label of the arrow from the action to the browser, and of the one from the browser to the user."""


def log_click(
    exchanges: ExchangeLog, label: str, record_ids: Sequence[str], coroutine: Coroutine[Any, Any, Any]
) -> None:
    """Log the click on an action's button and the start of the action (Usage 3 and 4)."""
    about = {"record_id": record_ids[0]} if len(record_ids) == 1 else {"records": len(record_ids)}
    exchanges.add(USER, UI, "Clicks button", detail_of_button=label, **about)
    exchanges.add(UI, ACTION, "Fires on_trigger()", source=source_of(coroutine))


def log_effect(exchanges: ExchangeLog, effect: Effect, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Log something that the action asks the browser to show (Usage 5, 11 and 12)."""
    from_action, to_user = EFFECT_LABELS.get(effect.name, (effect.name, effect.name))
    exchanges.add(ACTION, UI, from_action, kind="answer", source=source_of(coroutine), arguments=dict(effect.data))
    exchanges.add(UI, USER, to_user.format_map({"title": "", **effect.data}), kind="answer")


def function_call_label(calls: Sequence[Mapping[str, Any]]) -> str:
    """Return the label for parallel calls of one server function (Usage 7)."""
    one = f"Calls {calls[0]['function']}()" if calls else "Calls nothing"
    return one if len(calls) < 2 else f"{one} for {len(calls)} records"


def call_arguments(calls: Sequence[Mapping[str, Any]]) -> Any:
    """Return the arguments of a single call, or a list with those of each call."""
    return calls[0]["args"] if len(calls) == 1 else [call["args"] for call in calls]


def source_of(coroutine: Coroutine[Any, Any, Any]) -> list[Source]:
    """Return the source line at which an action is suspended, as a list of at most one."""
    frame = getattr(coroutine, "cr_frame", None)
    found = line_of(frame) if frame else None
    return [found] if found else []
