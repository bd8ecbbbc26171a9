"""The slot: which runtime is running the app's code right now.

App code is written as if Attio were simply there (`get_workspace_connection()`, `fetch()`). Whoever runs it, be it the
worker, the web process or a test, fills this one context variable first. It is the only hidden wire in the house.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, get_type_hints

from pydantic import TypeAdapter

from alc_app.attio.connections import Connection, WebhookHandler
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.http import FetchResponse

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Settings:
    """What the doors need to know about the outside: where it is, and our key to Attio."""

    alc_url: str
    attio_url: str
    attio_api_token: str
    workspace_id: str
    hooks_url: str
    """What the address of every webhook handler of this installation begins with."""
    events_url: str
    """What those begin with that Attio itself calls."""
    subscription_seconds: int = 604_800
    """For how long a service is asked to call us, where subscriptions expire."""
    send_new_people: bool = False
    """Is everybody sent to ALC who is added to the CRM? The default, until a person has set it."""
    strict_removal: bool = False
    """Does a connection stay when `connection_removed` fails? The default, until a person has set it."""


class Runtime(Protocol):
    """What Attio's servers give to an app while its code runs."""

    settings: Settings
    run_id: str
    """Names the durable run we are in; the same again when it is continued after a crash."""
    resumed: bool
    """Was the step before this one done in an earlier life? Then this one may have been begun in it."""

    def now(self) -> float: ...
    def workspace_connection(self) -> Connection: ...
    def fetch(
        self,
        url: str,
        *,
        method: str,
        headers: Mapping[str, str],
        json: Any,
        connection: Connection | None,
        per_second: int | None,
    ) -> FetchResponse: ...
    def step(self, name: str, work: Callable[[], Any]) -> Any: ...
    def transaction(self) -> AbstractContextManager[Any]: ...
    def reading(self) -> AbstractContextManager[Any]: ...
    def publish(self, kind: str, data: Mapping[str, Any]) -> None: ...
    def create_webhook_handler(
        self,
        file_name: str,
        signed_by: str = "standard_webhooks",
        connector: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> WebhookHandler: ...
    def update_webhook_handler(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None: ...
    def get_webhook_handler(self, handler_id: str) -> WebhookHandler | None: ...
    def list_webhook_handlers(self) -> list[WebhookHandler]: ...
    def knows_webhook_handler(self, handler_id: str) -> bool: ...
    def unsubscribe(self, connection: Connection, handler_id: str) -> None: ...
    def refresh_soon(self, handler_id: str) -> None: ...
    def delete_webhook_handler(self, handler_id: str) -> None: ...
    def workspace_settings(self) -> Mapping[str, Any]: ...
    def set_workspace_setting(self, key: str, value: Any) -> None: ...
    def kv_get(self, keys: Sequence[str]) -> Mapping[str, Any]: ...
    def kv_set(self, key: str, value: Any, ttl_in_seconds: float | None) -> None: ...
    def kv_delete(self, key: str) -> None: ...
    def post_callback(self, url: str, callback_id: str, body: Mapping[str, Any]) -> None: ...


_runtime: ContextVar[Runtime] = ContextVar("runtime")


def current() -> Runtime:
    """The runtime that is running us. Raises: RuntimeError outside of one."""
    try:
        return _runtime.get()
    except LookupError:
        raise RuntimeError("App code runs inside a runtime: see alc_app/attio/host/context.py, `running`.") from None


@contextmanager
def running(runtime: Runtime) -> Iterator[None]:
    """Run app code inside `runtime`."""
    token = _runtime.set(runtime)
    try:
        yield
    finally:
        _runtime.reset(token)


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Make a door's call a durable step: done once, and its outcome remembered across a crash.

    The outcome, a value or a `SerializableError`, is kept as JSON; so nothing secret may be returned by a step.
    """
    shape: TypeAdapter[R] | None = None

    @wraps(function)
    def durable(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal shape
        if shape is None:  # late: an annotation may name what is defined further down the file
            shape = TypeAdapter(get_type_hints(function)["return"])

        def work() -> dict[str, Any]:
            return outcome(lambda: shape.dump_python(function(*args, **kwargs), mode="json"))

        return shape.validate_python(settle(current().step(function.__qualname__, work)))

    return durable


def outcome(work: Callable[[], Any]) -> dict[str, Any]:
    """What `work` did, as JSON: `{"ok": value}`, or `{"error": …}` for an error made to be carried."""
    try:
        return {"ok": work()}
    except SerializableError as error:
        return {"error": error.to_json()}


def settle(result: dict[str, Any]) -> Any:
    """The value in an `outcome`, or its error raised."""
    if "error" in result:
        raise SerializableError.from_json(result["error"])
    return result["ok"]
