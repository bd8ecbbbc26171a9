"""What an app consists of: `App`, and the entry points and values its files work with."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from alc_app.attio.bulk import BulkRecordAction
from alc_app.attio.effects import Effect, perform
from alc_app.attio.host.connector import Connector
from alc_app.attio.host.doctor import Check, DeadLetters
from alc_app.attio.record_events import WebhookEvent, route
from alc_app.attio.widgets import RecordWidget
from alc_app.attio.workflow_definitions import Workflow
from alc_app.attio.workflows import StepBlock, TriggerBlock

if TYPE_CHECKING:
    from alc_app.attio.http import Request, Response
    from alc_app.attio.settings_page import WorkspacePage

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Connection:
    """A connection to the outside service (docs.attio.com/sdk/server/connections).

    `value` is the access token, good for now: it is handed out fresh and never stored in the clear.
    """

    id: str
    value: str = field(repr=False)
    connection_key: str = "alc"


@dataclass(frozen=True)
class WebhookHandler:
    """An address of ours that the outside service may call, and which file of `webhooks/` answers there."""

    id: str
    url: str
    file_name: str
    external_webhook_id: str | None
    secret: str = field(repr=False, default="")
    """What the sender signs with (Standard Webhooks, `whsec_…`). TUTORIAL: it has no signatures at all."""
    signed_by: str = "standard_webhooks"
    """How it signs: by Standard Webhooks, or as "attio" does."""
    connector: str = ""
    """Which connector of the manifest keeps the subscription; empty: the app itself does."""


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

    Called with `await` in a record action, it becomes an effect: the runtime carries the arguments over as JSON,
    runs the function durably, and brings back what it returned or threw. `run` is the plain function.
    """

    def __init__(self, run: Callable[P, R], idempotency_key: Callable[P, str] | None, durable: bool = True) -> None:
        self.run = run
        self.name = run.__name__
        self.idempotency_key = idempotency_key
        """Names the call before it is made; two calls with one key are one run. None: each call is its own."""
        self.durable = durable
        """Is it run by the worker, and brought to its end whatever happens? One that only reads need not be."""
        self.__doc__ = run.__doc__
        self.__wrapped__ = run

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Ask the runtime to run this function; returns its JSON result. Raises what the function raised."""
        bound = inspect.signature(self.run).bind(*args, **kwargs)
        return await perform(Effect("call", {"function": self.name, "args": list(bound.args)}, by="host"))


@dataclass(frozen=True)
class Record:
    """What an app adds to records."""

    actions: Sequence[RecordAction] = ()
    bulk_actions: Sequence[BulkRecordAction] = ()
    widgets: Sequence[RecordWidget] = ()


@dataclass(frozen=True)
class Events:
    """What an app does when a connection comes or goes (docs.attio.com/sdk/server/events)."""

    connection_added: Callable[[Connection], None]
    connection_removed: Callable[[Connection], None]
    strict_removal: Callable[[], bool] = lambda: True
    """Does a connection stay when `connection_removed` fails, as in Attio? Asked when a person disconnects."""


@dataclass(frozen=True)
class Upkeep:
    """Work that a row asks for when its time has come: `due()` lists keys, `run(key)` does the work of one.

    It goes on with the trace that `trace(key)` has kept, a `traceparent`: that of the click, not one of its own.
    """

    name: str
    due: Callable[[], Sequence[str]]
    run: Callable[[str], None]
    trace: Callable[[str], str | None] = lambda _: None
    acts_as: str = "Upkeep"
    """By which name it takes part in the sequence diagram."""


@dataclass(frozen=True)
class Retention:
    """How long some rows are kept: `forget(before, limit)` drops those that ended before an instant, at most so many.

    It returns how many it dropped.
    """

    what: str
    days: float
    forget: Callable[[float, int], int]


@dataclass(frozen=True)
class Gauge:
    """A number about some rows, for each value of one label; `read()` counts when somebody looks.

    Without a label there is one number, under the empty text.
    """

    name: str
    text: str
    read: Callable[[], Mapping[str, float]]
    label: str = ""


@dataclass(frozen=True)
class App:
    """The manifest: every entry point of an app. The runtime is handed it and knows nothing else of the app."""

    record: Record
    server_functions: Sequence[ServerFunction[..., Any]]
    webhooks: Mapping[str, Callable[[Request], Response]]
    events: Events
    record_events: Mapping[str, Callable[[WebhookEvent], None]] = field(default_factory=dict)
    """What is done when Attio tells of an event of this type, such as "record.updated"."""
    settings: WorkspacePage | None = None
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    blocks: Sequence[StepBlock | TriggerBlock] = ()
    workflows: Sequence[Workflow] = ()
    upkeep: Sequence[Upkeep] = ()
    retention: Sequence[Retention] = ()
    gauges: Sequence[Gauge] = ()
    checks: Sequence[Check] = ()
    dead_letters: Sequence[DeadLetters] = ()
    tables: Sequence[Any] = ()
    """SQLModel tables in which the app keeps its own rows."""

    def server_function(self, name: str) -> ServerFunction[..., Any]:
        """The server function called `name`. Raises: LookupError naming the ones there are."""
        return _named(name, {f.name: f for f in self.server_functions}, "server function")

    def record_action(self, action_id: str) -> RecordAction:
        """The record action with this id. Raises: LookupError naming the ones there are."""
        return _named(action_id, {a.id: a for a in self.record.actions}, "record action")

    def bulk_record_action(self, action_id: str) -> BulkRecordAction:
        """The bulk record action with this id. Raises: LookupError naming the ones there are."""
        return _named(action_id, {a.id: a for a in self.record.bulk_actions}, "bulk record action")

    def record_widget(self, widget_id: str) -> RecordWidget:
        """The record widget with this id. Raises: LookupError naming the ones there are."""
        return _named(widget_id, {w.id: w for w in self.record.widgets}, "record widget")

    def block(self, block_id: str) -> StepBlock | TriggerBlock:
        """The workflow block with this id. Raises: LookupError naming the ones there are."""
        return _named(block_id, {b.block.id: b for b in self.blocks}, "workflow block")

    def workflow(self, workflow_id: str) -> Workflow:
        """The workflow with this id. Raises: LookupError naming the ones there are."""
        return _named(workflow_id, {w.id: w for w in self.workflows}, "workflow")

    def webhook(self, file_name: str) -> Callable[[Request], Response]:
        """The webhook handler in `webhooks/<file_name>.py`, or the one that hands Attio's own events to their
        handlers. Raises: LookupError naming the ones there are."""
        return _named(file_name, {**self.webhooks, "record_events": self._route}, "webhook file")

    def connector(self, name: str) -> Connector:
        """The connector called `name`. Raises: LookupError naming the ones there are."""
        return _named(name, self.connectors, "connector")

    def _route(self, req: Request) -> Response:
        return route(self.record_events, req)


def _named(name: str, known: Mapping[str, R], what: str) -> R:
    if name not in known:
        raise LookupError(f'No {what} named "{name}". The manifest has: {", ".join(known)}. See alc_app/app.py.')
    return known[name]
