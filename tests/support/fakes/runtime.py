"""The one fake: the real context on a database in memory, an outside of two dictionaries, and crashes.

A step's outcome is kept as JSON, as the engine keeps it. After a crash `restart()` runs the same code from its
beginning, and what has an outcome is not done again.
"""

from __future__ import annotations

import contextlib
import json as json_
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet
from sqlmodel import col, func, select

from alc_app.app import app as manifest
from alc_app.attio import WebhookHandler
from alc_app.attio.host.context import Settings
from alc_app.attio.host.errors import FetchAnswerLost, FetchNotSent
from alc_app.attio.http import FetchResponse
from alc_app.runtime.context import AppContext
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.oauth_client import OAuthDenied, Tokens
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import (
    CallPlace,
    ConnectionRow,
    KeyValueRow,
    LiveEvent,
    RateLimitSlot,
    SubscriptionRow,
    WebhookHandlerRow,
    WorkspaceSettingRow,
)
from alc_app.runtime.stores.connections import Connections
from alc_app.runtime.stores.key_values import KeyValues
from alc_app.runtime.stores.subscriptions import Subscriptions
from alc_app.runtime.stores.webhook_handlers import WebhookHandlers
from alc_app.runtime.stores.workspace_settings import WorkspaceSettings
from tests.support.chaos.crashes import Crash
from tests.support.fakes.run_memory import RunMemory
from tests.support.tables import make_tables

RUNTIME_TABLES = (
    CallPlace, ConnectionRow, KeyValueRow, LiveEvent, RateLimitSlot, SubscriptionRow, WebhookHandlerRow,
    WorkspaceSettingRow
)  # fmt: skip
SEALING_KEY = Fernet.generate_key().decode()
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
        self.secrets: dict[str, str] = {}
        """What ALC signs the deliveries of each webhook with."""
        self.overlap_ends: str | None = "2023-11-15T22:13:20.000Z"
        """When ALC stops signing with a previous secret: a day after `START`."""
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

    def request(self, method: str, url: str, *, headers: Mapping[str, str], json: Any) -> FetchResponse:
        """Answer one request of the runtime, which calls this where it would call its `Http`."""
        return self.call(method, url, headers, json)

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> FetchResponse:
        """Note the call, and answer it, or play the fault that waits for it."""
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
            if "idempotency_key" not in query:
                return answer(200, {"leads": list(self.leads.values()), "next_cursor": None})
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
        self.tasks.append({**body["data"], **task, "created_at": "2023-11-14T22:13:20.000000000Z"})
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
        return answer(200, {"data": {"id": {"record_id": record_id}, "values": {}}})

    def _webhooks(self, method: str, path: str, query: dict[str, str], body: Any) -> FetchResponse:
        if path.endswith("/refresh"):
            webhook = self.webhooks.get(path.split("/")[-2])
            return answer(200, webhook) if webhook else answer(404)
        if path.endswith("/rotate-secret"):
            return self._rotate(path.split("/")[-2], body["secret"])
        if method == "POST" and self.refuses_twins and body["name"] in (w["name"] for w in self.webhooks.values()):
            return answer(409)
        if method == "POST":
            self._registered += 1
            shown = {name: body[name] for name in ("name", "url", "event")}
            webhook = {"webhook_id": f"wh_{self._registered}", **shown, "status": "active"}
            self.webhooks[webhook["webhook_id"]] = webhook
            self.secrets[webhook["webhook_id"]] = body["secret"]
            return answer(201, {**webhook, "secret": body["secret"]})
        if method == "DELETE":
            return answer(204 if self.webhooks.pop(path.rpartition("/")[2], None) else 404)
        return answer(
            200, {"webhooks": [w for w in self.webhooks.values() if w["name"] == query.get("name", w["name"])]}
        )

    def _rotate(self, webhook_id: str, secret: str) -> FetchResponse:
        if webhook_id not in self.webhooks:
            return answer(404)
        self.secrets[webhook_id] = secret
        if self.overlap_ends:
            self.webhooks[webhook_id]["previous_secret_expires_at"] = self.overlap_ends
        return answer(200, {**self.webhooks[webhook_id], "secret": secret})

    def _found(self, wanted: Any) -> list[dict[str, Any]]:
        """The records that a filter of ours finds: by their ids, or by their status."""
        ids = wanted["record_id"]["$in"] if "record_id" in wanted else {record_id for record_id, _ in self.written}
        written = (record_id for record_id in ids if self.values(record_id))
        status = wanted.get("alc_status")
        return [self._record(who) for who in written if status in (None, self.values(who)["alc_status"])]

    def _record(self, record_id: str) -> dict[str, Any]:
        """A record as Attio shows it."""
        since = {"active_from": "2023-11-14T22:00:00.000000Z"}
        values = {slug: [{"value": value, **since}] if value else [] for slug, value in self.values(record_id).items()}
        values = {**self.people.get(record_id, {}), **values}
        return {"id": {"record_id": record_id}, "values": values}


ATTIO_IDS = {"people": {"object_id": "people-id"}, "alc_status": {"attribute_id": "status-id"}}
POST_LEAD = ("POST", "/api/v1/leads")


class FakeServices:
    """The stores that app code uses, the real ones, on one database. ALC and Attio are an `Outside`."""

    manifest, settings = manifest, SETTINGS

    def __init__(self, database: Database, outside: Outside) -> None:
        self.database, self.outside, self.http = database, outside, outside
        self.time = START
        self.exchanges, self.call_limit = ExchangeLog(None), NoCallLimit()
        now, sealer = self.now, Sealer([SEALING_KEY])
        self.connections = Connections(database, sealer, NoOAuth(), self.call_limit, now)  # a refresh is refused
        self.webhook_handlers = NumberedHandlers(database, sealer, "https://app.test", now)
        self.subscriptions = Subscriptions(database, sealer, self.webhook_handlers, manifest, now)
        self.key_values = KeyValues(database, SETTINGS.workspace_id, now)
        self.workspace_settings = WorkspaceSettings(database, SETTINGS.workspace_id, now)
        self.workflow_runs = RecordedCallbacks()

    def now(self) -> float:
        return self.time


class NumberedHandlers(WebhookHandlers):
    """Webhook handlers with ids that a test can foretell: handler_1, handler_2, …"""

    def new_id(self) -> str:
        with self._database.reading() as session:
            return f"handler_{session.exec(select(func.count()).select_from(WebhookHandlerRow)).one() + 1}"


class RecordedCallbacks:
    """Keeps the callbacks to steps of workflows, instead of delivering them."""

    def __init__(self) -> None:
        self.called_back: list[tuple[str, str, Mapping[str, Any]]] = []
        """URL, id and body of each."""

    def post_callback(self, url: str, callback_id: str, body: Mapping[str, Any]) -> None:
        self.called_back.append((url, callback_id, body))


class NoCallLimit:
    """Lets every request pass at once."""

    def call(self, name: str, per_second: int | None = None) -> contextlib.AbstractContextManager[None]:
        del name, per_second
        return contextlib.nullcontext()

    def pause(self, name: str, seconds: float) -> None: ...


class NoOAuth:
    """An authorization server that refuses every refresh."""

    def token_endpoint(self) -> str:
        return "https://alc.test/oauth/token"

    def refresh(self, *_: object) -> None:
        raise OAuthDenied("invalid_grant")


class FakeRuntime(AppContext):
    """The real context on a database in memory, with virtual time, and steps that can crash.

    `time` is the clock; `connected` is whether ALC is connected.
    """

    def __init__(
        self, *, database: Database | None = None, outside: Outside | None = None, run_id: str = "run"
    ) -> None:
        self.outside, self.database = outside or Outside(), database or memory()
        self.fake = FakeServices(self.database, self.outside)
        super().__init__(self.fake, run_id)
        self.called_back = self.fake.workflow_runs.called_back
        self.published: list[tuple[str, Mapping[str, Any]]] = []
        self.steps: list[str] = []
        """The names of the steps whose work was begun, in order."""
        self._memory = RunMemory(self._reach)
        self._crash: tuple[str, int] | None = None
        if not self.fake.connections.live(SETTINGS.workspace_id):
            self.connected = True

    @property
    def time(self) -> float:
        return self.fake.time

    def shared_now(self) -> float:
        """All machines have the one clock of the fake."""
        return self.fake.time

    @time.setter
    def time(self, seconds: float) -> None:
        self.fake.time = seconds

    @property
    def connected(self) -> bool:
        return self.fake.connections.live(SETTINGS.workspace_id) is not None

    @connected.setter
    def connected(self, connected: bool) -> None:
        connections = self.fake.connections
        if connected:
            id = "" if connections.exists("connection") else "connection"
            tokens = Tokens("alc-token", "alc-refresh-token", START * 2, "")
            connections.activate(connections.add(SETTINGS.workspace_id, tokens, id))
        elif live := connections.live(SETTINGS.workspace_id):
            connections.erase(live.id)

    @property
    def handlers(self) -> dict[str, WebhookHandler]:
        """The webhook handlers that are not deleted, by id."""
        with self.database.reading() as session:
            query = select(WebhookHandlerRow.id).where(col(WebhookHandlerRow.deleted_at).is_(None))
            ids = session.exec(query.order_by(col(WebhookHandlerRow.created_at), col(WebhookHandlerRow.id))).all()
        return {handler_id: self.webhook_handlers.get(handler_id) for handler_id in ids}

    def crash(self, when: str, nth: int) -> None:
        """Die "before" the work of the nth step (from 0), or "after" it and before its outcome is kept."""
        self._crash = (when, nth)

    def restart(self, run_id: str | None = None) -> None:
        """Go on after a crash: the same run again, or a new one with another id."""
        self._crash = None
        self._memory.rewind()
        if run_id:
            self.run_id, self._memory = run_id, RunMemory(self._reach)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work, unless its outcome is kept from before a crash."""
        return self._memory.step(name, work)

    def repeatable(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work, whatever was done before a crash."""
        return self._memory.repeatable(name, work)

    def _reach(self, when: str, nth: int, name: str) -> None:
        if self._crash == (when, nth):
            raise Crash
        if when == "before":
            self.steps.append(name)

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Keep what the open pages would be sent."""
        self.published.append((kind, data))


def memory(url: str = "sqlite://") -> Database:
    """A database with the app's tables and the runtime's."""
    database = Database(url)
    make_tables(database, [*manifest.operations.tables, *RUNTIME_TABLES])
    return database
