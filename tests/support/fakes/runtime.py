"""The one fake of the runtime that app code sees: a memory database, an outside of two dictionaries, and crashes.

A step's outcome is kept as JSON, as the engine keeps it. After a crash `restart()` runs the same code from its
beginning, and what has an outcome is not done again.
"""

from __future__ import annotations

import json as json_
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from alc_app.app import app as manifest
from alc_app.attio import AttioNoWorkspaceConnectionError, Connection, WebhookHandler
from alc_app.attio.host.context import Settings, outcome, settle
from alc_app.attio.host.errors import FetchAnswerLost, FetchNotSent
from alc_app.attio.http import FetchResponse
from alc_app.connectors.alc import unsubscribe as unsubscribe_alc
from alc_app.runtime.storage.database import Database
from tests.support.chaos.crashes import Crash
from tests.support.fakes.run_memory import RunMemory
from tests.support.tables import make_tables

EVENTS_URL = "https://app.test/attio/events/"
SETTINGS = Settings(
    "https://alc.test", "https://attio.test", "attio-token", "workspace", "https://app.test/hooks/", EVENTS_URL
)
START = 1_700_000_000.0
Answer = Callable[[], FetchResponse]
Fault = Callable[[Answer], FetchResponse]


def answer(status: int, body: object = None, **headers: str) -> FetchResponse:
    """An answer with a JSON body; a text is taken as it is."""
    text = body if isinstance(body, str) else "" if body is None else json_.dumps(body)
    return FetchResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, text)


def says(status: int, body: object = None, **headers: str) -> Fault:
    """A fault: the other side answers this, and does nothing."""
    return lambda _: answer(status, body, **headers)


def does_and_says(status: int, body: object = None) -> Fault:
    """A fault: the other side does it, and answers this."""

    def fault(do: Answer) -> FetchResponse:
        do()
        return answer(status, body)

    return fault


def passes(do: Answer) -> FetchResponse:
    """No fault: the one that waits behind it is meant for a later call."""
    return do()


def unreachable(_: Answer) -> FetchResponse:
    """A fault: no connection is made."""
    raise FetchNotSent("refused")


def never_answers(_: Answer) -> FetchResponse:
    """A fault: nothing is done, and nobody can tell."""
    raise FetchAnswerLost("timeout")


def answer_lost(do: Answer) -> FetchResponse:
    """A fault: it is done, and nobody can tell."""
    do()
    raise FetchAnswerLost("timeout")


def garbled(do: Answer) -> FetchResponse:
    """A fault: what became of it is said, and the rest cannot be read."""
    return answer(do().status, "<html>")


class Outside:
    """ALC and Attio, as small as they can be. Faults are played in order, one for each matching call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any, Mapping[str, str]]] = []
        self.leads: dict[str, dict[str, str]] = {}
        """By idempotency key."""
        self.webhooks: dict[str, dict[str, str]] = {}
        self.written: list[tuple[str, dict[str, str]]] = []
        """Every write to a record that Attio has taken."""
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self.subscriptions: dict[str, dict[str, Any]] = {}
        """Our webhooks at Attio."""
        self.refuses_twins = False
        """Does ALC answer 409 to a webhook that it has?"""
        self.people: dict[str, dict[str, Any]] = {}
        """What records say that nobody here has written, such as a name and a phone number."""
        self.tasks: list[dict[str, Any]] = []
        self._registered = 0
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)

    def fault(self, call: str, *faults: Fault) -> None:
        """Play these faults for the next calls that begin like `call`, such as "POST /api/v1/leads"."""
        self._faults[call] += faults

    def heal(self) -> None:
        """Forget the faults that have not been played."""
        self._faults.clear()

    def sent(self, call: str) -> list[Any]:
        """The bodies of the calls that begin like `call`."""
        return [body for method, path, body, _ in self.calls if f"{method} {path}".startswith(call)]

    def keys(self) -> list[str]:
        """The idempotency keys of every POST of a lead."""
        return [headers["Idempotency-Key"] for method, path, _, headers in self.calls if (method, path) == POST_LEAD]

    def values(self, record_id: str) -> dict[str, str]:
        """What a record says now."""
        found: dict[str, str] = {}
        for written_to, values in self.written:
            found |= values if written_to == record_id else {}
        return found

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> FetchResponse:
        """One call, as `fetch()` makes it."""
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.calls.append((method, path, body, headers))
        self.before(method, path)
        line = f"{method} {path}"
        waiting = next((faults for prefix, faults in self._faults.items() if faults and line.startswith(prefix)), None)
        query = {name: found[0] for name, found in parse_qs(parts.query).items()}

        def do() -> FetchResponse:
            return self._do(method, parts.path, query, headers, body)

        return waiting.pop(0)(do) if waiting else do()

    def _do(
        self, method: str, path: str, query: dict[str, str], headers: Mapping[str, str], body: Any
    ) -> FetchResponse:
        if (method, path) == POST_LEAD:
            lead = {"id": f"lead_{len(self.leads) + 1}", "record_id": body["recordId"], "status": "processing"}
            return answer(201, self.leads.setdefault(headers["Idempotency-Key"], lead))
        if (method, path) == ("GET", "/api/v1/leads"):
            found = self.leads.get(query["idempotency_key"])
            return answer(200, {"leads": [found] if found else [], "next_cursor": None})
        if path.startswith("/api/v1/leads/"):
            lead = next((lead for lead in self.leads.values() if path.endswith(f"/{lead['id']}")), None)
            return answer(200, lead) if lead else answer(404)
        if path.startswith("/api/v1/webhooks"):
            return self._webhooks(method, path, query, body)
        return self._attio(method, path, body)

    def _attio(self, method: str, path: str, body: Any) -> FetchResponse:
        if path.startswith("/v2/webhooks"):
            return self._subscriptions(method, path, body)
        if method == "GET" and path.rpartition("/")[2] in ATTIO_IDS:
            return answer(200, {"data": {"id": ATTIO_IDS[path.rpartition("/")[2]]}})
        if path == "/v2/tasks":
            return self._tasks(method, body)
        return self._records(method, path, body)

    def _tasks(self, method: str, body: Any) -> FetchResponse:
        if method == "GET":
            return answer(200, {"data": self.tasks})
        task = {"id": {"task_id": f"task_{len(self.tasks) + 1}"}, "content_plaintext": body["data"]["content"]}
        self.tasks.append({**body["data"], **task})
        return answer(200, {"data": self.tasks[-1]})

    def _subscriptions(self, method: str, path: str, body: Any) -> FetchResponse:
        webhook_id = path.removeprefix("/v2/webhooks").strip("/")
        if method == "POST":
            if any(one["target_url"] == body["data"]["target_url"] for one in self.subscriptions.values()):
                return answer(409, {"message": "There is one."})
            self._registered += 1
            webhook_id = f"sub_{self._registered}"
            self.subscriptions[webhook_id] = {**body["data"], "id": {"webhook_id": webhook_id}, "status": "active"}
            return answer(200, {"data": {**self.subscriptions[webhook_id], "secret": f"secret of {webhook_id}"}})
        if method == "GET":
            return answer(200, {"data": list(self.subscriptions.values())})
        if webhook_id not in self.subscriptions:
            return answer(404, {"message": "Gone."})
        if method == "DELETE":
            del self.subscriptions[webhook_id]
            return answer(200, {})
        self.subscriptions[webhook_id] |= body["data"]
        return answer(200, {"data": self.subscriptions[webhook_id]})

    def _records(self, method: str, path: str, body: Any) -> FetchResponse:
        record_id = path.rpartition("/")[2]
        if record_id == "query":
            return answer(200, {"data": self._found(body["filter"])})
        if method == "GET":
            return answer(200, {"data": self._record(record_id)})
        self.written.append((record_id, body["data"]["values"]))
        return answer(200, {"data": {}})

    def _webhooks(self, method: str, path: str, query: dict[str, str], body: Any) -> FetchResponse:
        if path.endswith("/refresh"):
            webhook = self.webhooks.get(path.split("/")[-2])
            return answer(200, webhook) if webhook else answer(404)
        if method == "POST" and self.refuses_twins and body["name"] in (w["name"] for w in self.webhooks.values()):
            return answer(409)
        if method == "POST":
            self._registered += 1
            shown = {name: body[name] for name in ("name", "url", "event")}
            webhook = {"webhook_id": f"wh_{self._registered}", **shown, "status": "active"}
            self.webhooks[webhook["webhook_id"]] = webhook
            return answer(201, {**webhook, "secret": body["secret"]})
        if method == "DELETE":
            return answer(204 if self.webhooks.pop(path.rpartition("/")[2], None) else 404)
        return answer(
            200, {"webhooks": [w for w in self.webhooks.values() if w["name"] == query.get("name", w["name"])]}
        )

    def _found(self, wanted: Any) -> list[dict[str, Any]]:
        """The records that a filter of ours finds: by their ids, or by their status."""
        ids = wanted["record_id"]["$in"] if "record_id" in wanted else {record_id for record_id, _ in self.written}
        written = (record_id for record_id in ids if self.values(record_id))
        status = wanted.get("alc_status")
        return [self._record(who) for who in written if status in (None, self.values(who)["alc_status"])]

    def _record(self, record_id: str) -> dict[str, Any]:
        """A record as Attio shows it."""
        values = {slug: [{"value": value}] if value else [] for slug, value in self.values(record_id).items()}
        values = {**self.people.get(record_id, {}), **values}
        return {"id": {"record_id": record_id}, "values": values}


ATTIO_IDS = {"people": {"object_id": "people-id"}, "alc_status": {"attribute_id": "status-id"}}
POST_LEAD = ("POST", "/api/v1/leads")


class FakeRuntime:
    """Fills the slot of `alc_app.attio.host.context`. `time` is the clock; `connected` is whether ALC is connected."""

    def __init__(
        self, *, database: Database | None = None, outside: Outside | None = None, run_id: str = "run"
    ) -> None:
        self.settings = SETTINGS
        self.run_id = run_id
        self.outside = outside or Outside()
        self.database = database or memory()
        self.time = START
        self.connected = True
        self.handlers: dict[str, WebhookHandler] = {}
        self.refreshed: list[str] = []
        """Handlers whose connector was asked to look after them."""
        self.set_by_people: dict[str, Any] = {}
        """The workspace's settings."""
        self.kept: dict[str, tuple[str, float | None]] = {}
        """`kv`: the JSON under each key, and until when."""
        self.called_back: list[tuple[str, str, Mapping[str, Any]]] = []
        """Address, id and body of every callback to a step of a workflow."""
        self.published: list[tuple[str, Mapping[str, Any]]] = []
        self.steps: list[str] = []
        """The names of the steps whose work was begun, in order."""
        self._memory = RunMemory(self._reach)
        self._crash: tuple[str, int] | None = None

    def crash(self, when: str, nth: int) -> None:
        """Die "before" the work of the nth step (from 0), or "after" it and before its outcome is kept."""
        self._crash = (when, nth)

    def restart(self, run_id: str | None = None) -> None:
        """Go on after a crash: the same run again, or a new one with another id."""
        self._crash = None
        self._memory.rewind()
        if run_id:
            self.run_id, self._memory = run_id, RunMemory(self._reach)

    def now(self) -> float:
        return self.time

    @property
    def resumed(self) -> bool:
        return self._memory.resumed

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        return self._memory.step(name, work)

    def _reach(self, when: str, nth: int, name: str) -> None:
        if self._crash == (when, nth):
            raise Crash
        if when == "before":
            self.steps.append(name)

    def transaction(self) -> AbstractContextManager[Any]:
        return self.database.transaction()

    def reading(self) -> AbstractContextManager[Any]:
        return self.database.reading()

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        self.published.append((kind, data))

    def workspace_connection(self) -> Connection:
        def connected() -> None:
            if not self.connected:
                raise AttioNoWorkspaceConnectionError("Acme Lead Checker is not connected.")

        settle(self.step("get_workspace_connection", lambda: outcome(connected)))
        return Connection("connection", "alc-token")

    def fetch(
        self,
        url: str,
        *,
        method: str,
        headers: Mapping[str, str],
        json: Any,
        connection: Connection | None,
        per_second: int | None,
    ) -> FetchResponse:
        del per_second
        token = {"Authorization": f"Bearer {connection.value}"} if connection else {}
        return self.outside.call(method, url, {**headers, **token}, json)

    def create_webhook_handler(
        self,
        file_name: str,
        signed_by: str = "standard_webhooks",
        connector: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> WebhookHandler:
        del parameters
        number = self.step("create_webhook_handler", lambda: len(self.handlers) + 1)
        id, secret = f"handler_{number}", "whsec_c2VjcmV0"
        url = f"{EVENTS_URL}{id}" if signed_by == "attio" else f"https://app.test/hooks/{number}"
        secret = "" if signed_by == "attio" else secret
        handler = WebhookHandler(id, url, file_name, None, secret, signed_by, connector)
        return self.handlers.setdefault(handler.id, handler)

    def update_webhook_handler(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        old = self.handlers[handler_id]
        new = replace(old, external_webhook_id=external_webhook_id, secret=secret or old.secret)
        self.step("update_webhook_handler", lambda: self.handlers.update({handler_id: new}))

    def get_webhook_handler(self, handler_id: str) -> WebhookHandler | None:
        return self.handlers.get(handler_id)

    def list_webhook_handlers(self) -> list[WebhookHandler]:
        ids = self.step("list_webhook_handlers", lambda: list(self.handlers))
        return [self.handlers[handler_id] for handler_id in ids if handler_id in self.handlers]

    def knows_webhook_handler(self, handler_id: str) -> bool:
        return handler_id in self.handlers

    def unsubscribe(self, connection: Connection, handler_id: str) -> None:
        def end() -> None:
            about = {"webhook_uri": self.handlers[handler_id].url, "state": {}, "parameters": {}}
            unsubscribe_alc(connection=connection, **about)

        settle(self.step("unsubscribe", lambda: outcome(end)))

    def workspace_settings(self) -> Mapping[str, Any]:
        return self.set_by_people

    def set_workspace_setting(self, key: str, value: Any) -> None:
        self.set_by_people = {**self.set_by_people, key: value}

    def kv_get(self, keys: Sequence[str]) -> Mapping[str, Any]:
        kept = {key: self.kept[key] for key in keys if key in self.kept}
        return {key: json_.loads(value) for key, (value, until) in kept.items() if until is None or until > self.time}

    def kv_set(self, key: str, value: Any, ttl_in_seconds: float | None) -> None:
        until = None if ttl_in_seconds is None else self.time + ttl_in_seconds
        self.kept[key] = (json_.dumps(value, allow_nan=False), until)

    def kv_delete(self, key: str) -> None:
        self.kept.pop(key, None)

    def refresh_soon(self, handler_id: str) -> None:
        self.refreshed.append(handler_id)

    def post_callback(self, url: str, callback_id: str, body: Mapping[str, Any]) -> None:
        self.called_back.append((url, callback_id, body))

    def delete_webhook_handler(self, handler_id: str) -> None:
        def delete() -> None:
            self.handlers.pop(handler_id, None)

        self.step("delete_webhook_handler", delete)


def memory(url: str = "sqlite://") -> Database:
    """A database with the app's tables."""
    database = Database(url)
    make_tables(database, manifest.operations.tables)
    return database
