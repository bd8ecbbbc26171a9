"""Render record widgets: perform each effect here, and send the finished card to the page as JSON.

A widget is rendered on every page view, so nothing of it is stored. The server functions that it calls run in this
process, and only those with `durable=False` may be called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Blueprint, abort

from alc_app.attio.effects import Effect
from alc_app.attio.host.context import running
from alc_app.attio.host.errors import QueryError, SerializableError
from alc_app.attio.widgets import TextWidget
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services

Query = Callable[[str, dict[str, Any]], dict[str, Any]]


class Widgets:
    """Renders the widgets of the manifest."""

    def __init__(self, services: Services, query: Query) -> None:
        """Use `query` to answer GraphQL; it is the workspace's."""
        self._services, self._query = services, query

    def render(self, widget_id: str, record_id: str) -> TextWidget:
        """Render a widget for one record. Raises: LookupError; whatever the widget does not catch."""
        coroutine = self._services.manifest.record_widget(widget_id).widget(record_id)
        answer: Any = None
        error: SerializableError | None = None
        with running(AppContext(self._services)):
            while True:
                try:
                    effect = coroutine.throw(error) if error else coroutine.send(answer)
                except StopIteration as ended:
                    card: TextWidget = ended.value
                    return card
                answer = error = None
                try:
                    answer = self._perform(effect)
                except SerializableError as failed:
                    error = failed

    def _perform(self, effect: Effect) -> Any:
        """Run a query or a server function. Raises: QueryError, LookupError."""
        data = effect.data
        if effect.name == "runQuery":
            try:
                reply = self._query(data["query"], data["variables"])
            except SerializableError as error:
                raise QueryError(error.message) from error
            if reply.get("errors"):
                raise QueryError("The query failed.")
            return reply["data"]
        if effect.name != "call":
            raise LookupError(f"A widget can only read, so it cannot use {effect.name}.")
        function = self._services.manifest.server_function(data["function"])
        if function.durable:
            raise LookupError(f"A widget can only read. {function.name} needs durable=False and must not write.")
        return function.run(*data["args"])


def blueprint(widgets: Widgets) -> Blueprint:
    """Serve `GET /people/{record_id}/widgets/{widget_id}.json`."""
    routes = Blueprint("widgets", __name__)

    @routes.get("/people/<uuid:record_id>/widgets/<widget_id>.json")
    def render(record_id: UUID, widget_id: str) -> dict[str, Any]:
        try:
            return asdict(widgets.render(widget_id, str(record_id)))
        except LookupError:
            abort(404)

    return routes
