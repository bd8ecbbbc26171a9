"""Record widgets: rendered in this process, from queries and from functions that only read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from alc_app.attio import App, Badge, Events, Record, RecordWidget, TextWidget
from alc_app.attio.client import run_query, show_toast
from alc_app.attio.host.errors import QueryError
from alc_app.attio.server import server_function
from alc_app.clients.alc_api import AlcRefused
from alc_app.runtime.routes.widgets import Widgets, blueprint
from alc_app.runtime.services import Services

RECORD = "11111111-1111-4111-8111-111111111111"


@server_function(durable=False)
def look(word: str) -> str:
    """Read something."""
    if word == "no":
        raise AlcRefused("No.")
    return word.upper()


@server_function()
def change() -> None:
    """Do something."""


Draw = Callable[..., Widgets]


@pytest.fixture
def make(make_services: Callable[..., Services]) -> Draw:
    """Widgets with one that a test brings."""

    def made(widget: Any, reply: dict[str, Any] | None = None) -> Widgets:
        record = Record(widgets=[RecordWidget("w", "W", widget)])
        services = make_services(App(record, [look, change], {}, Events(lambda _: None, lambda _: None)))
        return Widgets(services, lambda *_: reply or {"data": {"x": 1}})

    return made


def test_a_widget_queries_and_reads_and_goes_out_as_json(make: Draw) -> None:
    """The page gets texts, and nothing else."""

    async def widget(record_id: str) -> TextWidget:
        return TextWidget(str((await run_query("q"))["x"]), await look(record_id[:1]), decoration=Badge("B", "green"))

    app = Flask(__name__)
    app.register_blueprint(blueprint(make(widget)))
    card = app.test_client().get(f"/people/{RECORD}/widgets/w.json").get_json()

    assert (card["title"], card["primary"], card["decoration"]) == ("1", "1", {"text": "B", "color": "green"})
    assert app.test_client().get(f"/people/{RECORD}/widgets/other.json").status_code == 404


def test_what_fails_is_the_widgets_to_explain(make: Draw) -> None:
    """A query with errors, and an error of the function that it calls."""

    async def widget(_: str) -> TextWidget:
        try:
            await run_query("q")
        except QueryError:
            try:
                await look("no")
            except AlcRefused as refused:
                return TextWidget("T", refused.message)
        raise AssertionError

    assert make(widget, {"errors": ["x"]}).render("w", RECORD).primary == "No."


@pytest.mark.parametrize("more", [change, lambda: show_toast("T", variant="neutral")])
def test_a_widget_only_reads(make: Draw, more: Callable[[], Any]) -> None:
    """A widget is rendered on every page view, so it must have no effects."""

    async def widget(_: str) -> TextWidget:
        await more()
        raise AssertionError

    with pytest.raises(LookupError):
        make(widget).render("w", RECORD)
