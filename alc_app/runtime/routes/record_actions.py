"""Run record actions: each effect is either sent to the browser as a line of NDJSON, or performed here.

An action that asks the person something is suspended without holding a thread, and resumed when the answer is posted.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, abort, request

from alc_app.attio.bulk import RunRecordBatches
from alc_app.attio.effects import Effect
from alc_app.attio.errors import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError
from alc_app.attio.host import trace
from alc_app.attio.host.context import outcome, running, settle
from alc_app.attio.host.errors import QueryError, SerializableError, ServerFunctionError
from alc_app.runtime.context import AppContext
from alc_app.runtime.exchanges import record_actions
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.routes.open_questions import NOT_OPEN, OpenQuestions
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.sign_in.people import Person, acting, current_person, current_person_id
from alc_app.runtime.storage.database import report

JUST_CONNECTED = "Acme Lead Checker has just been connected. Please try again."
FUNCTION_TIMEOUT = 25.0
"""Seconds that a record action waits for a server function, which goes on running on the worker."""
MAX_RECORDS = 1000
"""Records that one bulk action may be given."""
FUNCTION = "Server Function"
EffectJson = dict[str, Any]
"""One line of the reply: `effect` is its name, the other keys are its data."""
Call = Mapping[str, Any]
Query = Callable[[str, dict[str, Any]], dict[str, Any]]
log = logging.getLogger(__name__)


@dataclass
class _Run:
    """One running action: its coroutine, the ids of the toasts that it has shown, whose click it is, and its trace."""

    coroutine: Coroutine[Effect, Any, None]
    return_to: str
    """The page to return to if the person has to connect first. It offers the action again."""
    person: Person | None = field(default_factory=current_person)
    traceparent: str | None = field(default_factory=trace.traceparent)
    toasts: list[str] = field(default_factory=list)

    def close(self) -> None:
        """End it early."""
        self.coroutine.close()

    @property
    def person_id(self) -> str | None:
        """Whose it is, or None."""
        return self.person.id if self.person else None


class Actions:
    """Starts and resumes actions."""

    def __init__(self, services: Services, query: Query) -> None:
        """Use `query` to answer GraphQL; it is the workspace's."""
        self._services, self._query = services, query
        self._questions: OpenQuestions[_Run] = OpenQuestions()

    def start(self, action_id: str, record_id: str) -> Iterator[EffectJson]:
        """Trigger a record action of the manifest. Raises: LookupError."""
        action = self._services.manifest.record_action(action_id)
        log.info("The action %s begins on the record %s.", action_id, record_id, extra={"record_id": record_id})
        coroutine: Any = action.on_trigger(record_id)
        record_actions.log_click(self._services.exchanges, action.label, [record_id], coroutine)
        return self._drive(_Run(coroutine, f"/people/{record_id}?offer={quote(action_id)}"), None)

    def start_bulk(self, action_id: str, record_ids: Sequence[str]) -> Iterator[EffectJson]:
        """Trigger a bulk action of the manifest. Raises: LookupError."""
        action = self._services.manifest.bulk_record_action(action_id)
        log.info("The bulk action %s begins on %s records.", action_id, len(record_ids))
        coroutine: Any = action.on_trigger(RunRecordBatches(record_ids, action.label))
        record_actions.log_click(self._services.exchanges, action.label, record_ids, coroutine)
        return self._drive(_Run(coroutine, f"/people?offer={quote(action_id)}"), None)

    def resume(self, run_id: str, answer: Any) -> Iterator[EffectJson]:
        """Resume a suspended action with the answer of the person whose it is. Works once. Raises: LookupError."""
        run = self._questions.take(run_id, current_person_id())
        trace.begin(run.traceparent)
        return self._drive(run, answer)

    def _drive(self, run: _Run, answer: Any) -> Iterator[EffectJson]:
        """Send the answer into the coroutine and yield its effects, until it ends or asks a question."""
        error: Exception | None = None
        while True:
            try:
                effect = run.coroutine.throw(error) if error else run.coroutine.send(answer)
            except StopIteration:
                break
            except Exception as uncaught:
                yield from self._report(run, uncaught)
                break
            answer = error = None
            if effect.by == "host":
                try:
                    with acting(run.person):
                        answer = self._perform(run, effect)
                except SerializableError as failed:
                    error = failed
                except Exception as unforeseen:
                    error = ServerFunctionError(report(log, f"{effect.name} failed.", unforeseen))
                continue
            line = self._to_json(run, effect)
            record_actions.log_effect(self._services.exchanges, effect, run.coroutine)
            yield line
            if effect.asks:
                return
        yield {"effect": "done"}

    def _to_json(self, run: _Run, effect: Effect) -> EffectJson:
        """Return the effect for the browser; one that asks a question suspends the action under a new id."""
        line: EffectJson = {"effect": effect.name, **effect.data}
        if effect.name == "showToast":
            run.toasts.append(effect.data["id"])
        if effect.asks:
            line["resume"] = self._questions.add(run, run.person_id)
        return line

    def _perform(self, run: _Run, effect: Effect) -> Any:
        """Run a query, or a server function on the worker. Raises: SerializableError."""
        context, exchanges, data = AppContext(self._services), self._services.exchanges, effect.data
        asked: dict[str, Any] = {"sender": record_actions.ACTION, "source": record_actions.source_of(run.coroutine)}
        if effect.name == "runQuery":
            with (
                exchanges.call("GraphQL", "run_query()", **asked, arguments=dict(data)) as answer,
                log_calls_as(exchanges, "GraphQL"),
            ):
                answer["returns"] = found = self._run_query(context, data["query"], data["variables"])
                return found
        calls = data["calls"] if effect.name == "allSettled" else [data]
        with exchanges.call(
            FUNCTION, record_actions.function_call_label(calls), **asked, arguments=record_actions.call_arguments(calls)
        ) as answer:
            found = self._settle_all(context, calls) if effect.name == "allSettled" else self._call(context, data)
            answer["returns"] = found
            return found

    def _settle_all(self, context: AppContext, calls: Sequence[Call]) -> list[dict[str, Any]]:
        """Have the server functions run in parallel; return the outcome of each."""
        asked = [outcome(partial(self._enqueue, context, call)) for call in calls]
        return [each if "error" in each else outcome(partial(self._result, each["ok"])) for each in asked]

    def _call(self, context: AppContext, call: Call) -> Any:
        return self._result(self._enqueue(context, call))

    def _run_query(self, context: AppContext, query: str, variables: dict[str, Any]) -> Any:
        try:
            with running(context):
                reply = self._query(query, variables)
        except SerializableError as error:
            raise QueryError(error.message) from error
        if reply.get("errors"):
            log.warning("A query failed: %s", reply["errors"])
            raise QueryError("The query failed.")
        return reply["data"]

    def _enqueue(self, context: AppContext, call: Call) -> str:
        """Have a server function run on the worker; return the id of the run."""
        name, args = call["function"], call["args"]
        function = self._services.manifest.server_function(name)
        with running(context):
            key = function.idempotency_key(*args) if function.idempotency_key else uuid.uuid4().hex
        failpoint("intent_written")
        with _engine_errors(name):
            return self._services.engine.enqueue(
                "server_function", name, args, current_person_id(), queue="functions", run_id=f"{name}:{key}"
            )

    def _result(self, run_id: str) -> Any:
        with _engine_errors(run_id):
            result = self._services.engine.wait_for_outcome(run_id, within=FUNCTION_TIMEOUT)
        return settle(result)

    def _report(self, run: _Run, error: Exception) -> Iterator[EffectJson]:
        """Report an error that the action did not catch: ask to connect, or say why it could not be run."""
        yield from ({"effect": "hideToast", "id": toast} for toast in run.toasts)
        if not isinstance(error, AttioNoWorkspaceConnectionError | AttioConnectionExpiredError):
            if isinstance(error, ServerFunctionError):  # whose cause is logged where it came up
                log.warning("A record action failed: %s", error.message)
            else:
                report(log, "A record action failed.", error)
            yield _could_not_be_run("Something unexpected happened. Please try again; nothing is sent twice.")
        elif self._has_good_connection():
            log.warning("A record action could not use the connection: %s", error.message)
            was_absent = isinstance(error, AttioNoWorkspaceConnectionError)
            yield _could_not_be_run(JUST_CONNECTED if was_absent else error.message)
        else:
            yield {"effect": "connect", "title": "Connect Acme Lead Checker", "text": error.message, **_way(run)}

    def _has_good_connection(self) -> bool:
        """Return whether there is nothing to connect: ALC is away while a token is refreshed, for example."""
        live = self._services.connections.live(WORKSPACE)
        return live is not None and live.status == "active"


def _could_not_be_run(why: str) -> EffectJson:
    return {
        "effect": "showToast",
        "id": uuid.uuid4().hex[:8],
        "title": "The action could not be run",
        "text": why,
        "variant": "error",
        "durationMs": None,
        "dismissable": True,
    }


def _way(run: _Run) -> EffectJson:
    """Return the button that leads to a connection: for an admin straight there and back, for a member to the app."""
    if run.person and run.person.role != "admin":
        return {"label": "Open Acme Lead Checker", "url": "/apps/alc"}
    return {"label": "Connect", "url": f"/connections/alc/connect?{urlencode({'next': run.return_to})}"}


@contextmanager
def _engine_errors(what: str) -> Iterator[None]:
    """Turn an unforeseen error of the engine into a ServerFunctionError that the person can read."""
    try:
        yield
    except SerializableError:
        raise
    except Exception as error:
        report(log, f"The engine did not answer about {what}.", error)
        raise ServerFunctionError("The work could not be queued. Please try again.") from error


def blueprint(actions: Actions) -> Blueprint:
    """Serve what the page's buttons post to. Replies are NDJSON, a line for each effect."""
    routes = Blueprint("actions", __name__)

    @routes.post("/people/<uuid:record_id>/actions/<action_id>")
    def trigger(record_id: uuid.UUID, action_id: str) -> Response:
        try:
            return _stream(actions.start(action_id, str(record_id)))
        except LookupError:
            abort(404)

    @routes.post("/people/bulk-actions/<action_id>")
    def trigger_bulk(action_id: str) -> Response:
        try:
            return _stream(actions.start_bulk(action_id, _record_ids(request.get_json(silent=True))))
        except LookupError:
            abort(404)

    @routes.post("/actions/runs/<run_id>")
    def answer(run_id: str) -> Response:
        given = request.get_json(silent=True)
        try:
            return _stream(actions.resume(run_id, given.get("answer") if isinstance(given, dict) else None))
        except LookupError:
            abort(410, NOT_OPEN)

    return routes


def _record_ids(body: Any) -> list[str]:
    """Return the record ids of a bulk action, each once; answer 400 if the body has none or too many."""
    given = body.get("record_ids") if isinstance(body, dict) else None
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_RECORDS:
        abort(400, f"Select 1 to {MAX_RECORDS} records.")
    try:
        return list(dict.fromkeys(str(uuid.UUID(each)) for each in given))
    except (ValueError, AttributeError, TypeError):
        abort(400, "These are not record ids.")


def _stream(lines: Iterator[EffectJson]) -> Response:
    body = (json.dumps(line) + "\n" for line in lines)
    return Response(body, content_type="application/x-ndjson", headers={"X-Accel-Buffering": "no"})
