"""The manifest of an app: `App`, and the types of its entry points."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar

from alc_app.attio.bulk import BulkRecordAction
from alc_app.attio.connections import Connection, WebhookHandler
from alc_app.attio.effects import Effect, perform
from alc_app.attio.host.connector import Connector
from alc_app.attio.host.operations import Operations
from alc_app.attio.host.record_events import WebhookEvent, route
from alc_app.attio.host.workflow_definitions import Workflow
from alc_app.attio.http import Request, Response
from alc_app.attio.settings_page import WorkspacePage
from alc_app.attio.widgets import RecordWidget
from alc_app.attio.workflows import StepBlock, TriggerBlock

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class RecordAction:
    """A button on a record page and in the quick-action palette (docs.attio.com/sdk/extensions/record-action)."""

    id: str
    label: str
    on_trigger: Callable[..., Awaitable[None]]
    objects: str | None = None
    """The slug of the object whose records show it; None shows it on every object."""


class ServerFunction(Generic[P, R]):
    """A function that runs on the server and is called from a record action as if it were local.

    Awaited in a record action, it becomes an effect: the runtime sends the arguments to the server as JSON, runs the
    function durably, and returns its result or raises its error. `run` is the plain function.
    """

    def __init__(self, run: Callable[P, R], idempotency_key: Callable[P, str] | None, durable: bool = True) -> None:
        """Wrap `run`. Use the decorator `server_function` instead."""
        self.run = run
        self.name = run.__name__
        self.idempotency_key = idempotency_key
        """Computes a key from the arguments: calls with one key are one run. None: each call is a run of its own."""
        self.durable = durable
        """Whether the worker runs it, and finishes it after a crash. A function that only reads need not be durable."""
        self.__doc__ = run.__doc__
        self.__wrapped__ = run

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Ask the runtime to run this function. Returns its result as JSON; raises what the function raised."""
        bound = inspect.signature(self.run).bind(*args, **kwargs)
        return await perform(Effect("call", {"function": self.name, "args": list(bound.args)}, by="host"))


class NotInManifest(LookupError):
    """The manifest has nothing of this name. The message says what it has."""


@dataclass(frozen=True)
class Record:
    """What an app adds to records."""

    actions: Sequence[RecordAction] = ()
    bulk_actions: Sequence[BulkRecordAction] = ()
    widgets: Sequence[RecordWidget] = ()


@dataclass(frozen=True)
class Events:
    """What an app does when a connection is added or removed (docs.attio.com/sdk/server/events)."""

    connection_added: Callable[[Connection], None]
    """Called before a connection is saved. Ours: and again, to make what a saved connection lacks."""
    connection_removed: Callable[[Connection], None]
    strict_removal: Callable[[], bool] = lambda: True
    """Whether a connection is kept when `connection_removed` fails, as in Attio. Called when a user disconnects."""
    secret_rotated: Callable[[Connection, WebhookHandler], float | None] = lambda *_: None
    """Ours: called with a handler whose secret is new, to tell the outside service. It may be called again after a
    crash. Returns when the service stops signing with the previous secret (seconds since 1970), or None: unknown."""
    settings_saved: Callable[[Collection[str]], None] = lambda _: None
    """Ours: called with the keys that a user has changed, in the transaction of the change."""


@dataclass(frozen=True)
class App:
    """The manifest: every entry point of an app. The runtime gets it, and knows nothing else of the app."""

    record: Record
    server_functions: Sequence[ServerFunction[..., Any]]
    webhooks: Mapping[str, Callable[[Request], Response]]
    events: Events
    record_events: Mapping[str, Callable[[WebhookEvent], None]] = field(default_factory=dict)
    """Handlers of Attio's own webhooks by event type, such as "record.updated"."""
    settings: WorkspacePage | None = None
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    blocks: Sequence[StepBlock | TriggerBlock] = ()
    workflows: Sequence[Workflow] = ()
    operations: Operations = field(default_factory=Operations)

    def server_function(self, name: str) -> ServerFunction[..., Any]:
        """Return the server function called `name`. Raises: NotInManifest, naming the ones there are."""
        return _named(name, {f.name: f for f in self.server_functions}, "server function")

    def record_action(self, action_id: str) -> RecordAction:
        """Return the record action with this id. Raises: NotInManifest, naming the ones there are."""
        return _named(action_id, {a.id: a for a in self.record.actions}, "record action")

    def bulk_record_action(self, action_id: str) -> BulkRecordAction:
        """Return the bulk record action with this id. Raises: NotInManifest, naming the ones there are."""
        return _named(action_id, {a.id: a for a in self.record.bulk_actions}, "bulk record action")

    def record_widget(self, widget_id: str) -> RecordWidget:
        """Return the record widget with this id. Raises: NotInManifest, naming the ones there are."""
        return _named(widget_id, {w.id: w for w in self.record.widgets}, "record widget")

    def block(self, block_id: str) -> StepBlock | TriggerBlock:
        """Return the workflow block with this id. Raises: NotInManifest, naming the ones there are."""
        return _named(block_id, {b.block.id: b for b in self.blocks}, "workflow block")

    def workflow(self, workflow_id: str) -> Workflow:
        """Return the workflow with this id. Raises: NotInManifest, naming the ones there are."""
        return _named(workflow_id, {w.id: w for w in self.workflows}, "workflow")

    def webhook(self, file_name: str) -> Callable[[Request], Response]:
        """Return the webhook handler in `webhooks/<file_name>.py`; for "record_events", the one of Attio's own events.

        Raises: NotInManifest, naming the ones there are.
        """
        return _named(file_name, {**self.webhooks, "record_events": self._route}, "webhook file")

    def connector(self, name: str) -> Connector:
        """Return the connector called `name`. Raises: NotInManifest, naming the ones there are."""
        return _named(name, self.connectors, "connector")

    def _route(self, req: Request) -> Response:
        return route(self.record_events, req)


def _named(name: str, known: Mapping[str, R], what: str) -> R:
    if name not in known:
        raise NotInManifest(f'No {what} named "{name}". The manifest has: {", ".join(known)}. See alc_app/app.py.')
    return known[name]
