"""`attio/client`: each call is one effect, with Attio's names and defaults."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from alc_app.attio.client import INFINITE, alert, run_query, show_toast
from alc_app.attio.effects import Effect


def effects(action: Coroutine[Effect, Any, Any], reply: object = None) -> tuple[list[Effect], Any]:
    """Drive a call to its end; returns its effects and what it returned."""
    found = []
    answer: object = None
    while True:
        try:
            found.append(action.send(answer))
        except StopIteration as ended:
            return found, ended.value
        answer = reply


def test_a_toast_has_attios_defaults_and_is_returned_at_once() -> None:
    """docs.attio.com/sdk/notifications: four seconds, dismissable."""
    [effect], toast = effects(show_toast("Hello", variant="success"))

    expected = {"title": "Hello", "variant": "success", "text": None, "durationMs": 4000, "dismissable": True}
    expected |= {"progress": None}
    assert effect.data == {"id": toast.id, **expected}
    assert (effect.name, effect.by, effect.asks) == ("showToast", "browser", False)


def test_each_toast_is_hidden_by_its_own_id() -> None:
    """Two toasts may stand at once."""
    _, one = effects(show_toast("One", variant="neutral", duration_ms=INFINITE))
    _, two = effects(show_toast("Two", variant="neutral"))
    [hide], _ = effects(one.hide_toast())

    assert one.id != two.id
    assert hide == Effect("hideToast", {"id": one.id})


def test_an_alert_waits_for_its_answer() -> None:
    """docs.attio.com/sdk/notifications/alert: OK, unless it is said otherwise."""
    [effect], _ = effects(alert(title="Stop", text="Now."))

    assert effect == Effect("alert", {"title": "Stop", "text": "Now.", "okLabel": "OK"}, asks=True)


def test_a_query_is_the_hosts_and_returns_its_data() -> None:
    """Usage 6: the browser never sees it."""
    [effect], data = effects(run_query("query", recordId="r"), {"person": None})

    assert effect == Effect("runQuery", {"query": "query", "variables": {"recordId": "r"}}, by="host")
    assert data == {"person": None}
