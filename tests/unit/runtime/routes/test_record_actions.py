"""Record actions: what is sent to the browser, what is performed here, and what happens on an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from alc_app.attio import (
    App,
    AttioConnectionExpiredError,
    AttioNoWorkspaceConnectionError,
    BulkRecordAction,
    Events,
    Record,
    RecordAction,
    RunRecordBatches,
)
from alc_app.attio.client import alert, all_settled, run_query, show_toast
from alc_app.attio.host import trace
from alc_app.attio.host.errors import QueryError, SerializableError, ServerFunctionError, ServerFunctionTimeout
from alc_app.attio.server import server_function
from alc_app.clients.alc_api import AlcRefused
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.routes import open_questions
from alc_app.runtime.routes.record_actions import Actions, blueprint
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.fakes.engine import FakeEngine

RECORD = "11111111-1111-4111-8111-111111111111"
Line = dict[str, Any]
OnTrigger = Callable[[str], Any]


@server_function(idempotency_key=lambda word: f"key-of-{word}")
def say(word: str) -> str:
    """Say a word."""
    return word


@server_function()
def forget(word: str) -> None:
    """A function whose calls have no key."""


def one(*_: object) -> dict[str, Any]:
    """The reply to any query."""
    return {"data": {"x": 1}}


@pytest.fixture
def stage(make_services: Callable[..., Services]) -> Callable[..., tuple[Actions, FakeEngine]]:
    """An action of the test's own, with an engine that answers and a query."""

    def make(
        on_trigger: OnTrigger, query: Callable[..., Any] = lambda *_: {"data": {"x": 1}}
    ) -> tuple[Actions, FakeEngine]:
        services = make_services(
            App(
                record=Record([RecordAction("act", "Act", on_trigger)]),
                server_functions=[say, forget],
                webhooks={},
                events=Events(lambda _: None, lambda _: None),
            )
        )
        engine = FakeEngine()
        services.engine = engine
        return Actions(services, query), engine

    return make


Stage = Callable[..., tuple[Actions, FakeEngine]]


def click(actions: Actions) -> list[Line]:
    """Everything that the reply to a click holds."""
    return list(actions.start("act", RECORD))


def test_effects_go_out_as_they_happen_and_the_reply_ends_with_done(stage: Stage) -> None:
    """Usage 3-12: the browser plays them in order."""

    async def act(record_id: str) -> None:
        toast = await show_toast(record_id, variant="neutral")
        await toast.hide_toast()

    actions, _ = stage(act)

    lines = click(actions)
    assert [line["effect"] for line in lines] == ["showToast", "hideToast", "done"]
    assert lines[0]["title"] == RECORD
    assert lines[0]["id"] == lines[1]["id"]


def test_a_query_and_a_call_are_the_hosts_and_never_reach_the_browser(stage: Stage) -> None:
    """Usage 6-7: the tutorial's border: client code only asks."""
    seen: list[object] = []

    async def act(_: str) -> None:
        seen.append(await run_query("query", a=1))
        seen.append(await say("hello"))

    actions, engine = stage(act)
    engine.answer = {"ok": {"said": "hello"}}

    assert click(actions) == [{"effect": "done"}]
    assert seen == [{"x": 1}, {"said": "hello"}]
    assert engine.runs == {"say:key-of-hello": ("server_function", ("say", ["hello"], None), "functions")}


def test_two_clicks_with_one_key_ask_for_one_run_and_without_a_key_for_two(stage: Stage) -> None:
    """C1: a double click joins."""

    async def act(_: str) -> None:
        await say("hello")
        await forget("hello")

    actions, engine = stage(act)
    click(actions)
    click(actions)

    assert sorted(name.partition(":")[0] for name in engine.runs) == ["forget", "forget", "say"]


@pytest.mark.parametrize(
    "error", [AlcRefused("No."), ServerFunctionTimeout("Still at it."), ServerFunctionError("Unforeseen.")]
)
def test_an_error_of_a_server_function_is_raised_in_the_action(stage: Stage, error: SerializableError) -> None:
    """Usage 7: by name, where the action awaits."""
    caught: list[Exception] = []

    async def act(_: str) -> None:
        try:
            await say("hello")
        except SerializableError as raised:
            caught.append(raised)

    actions, engine = stage(act)
    engine.answer = {"error": error.to_json()}

    assert click(actions) == [{"effect": "done"}]
    assert [type(raised) for raised in caught] == [type(error)]


@pytest.mark.parametrize("reply", [{"errors": [{"message": "canary"}]}, AlcRefused("x")])
def test_a_query_that_cannot_be_answered_is_a_query_error(stage: Stage, reply: object) -> None:
    """Usage 6: for whatever reason."""
    caught: list[str] = []

    def query(*_: object) -> object:
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def act(_: str) -> None:
        try:
            await run_query("query")
        except QueryError as error:
            caught.append(error.message)

    actions, _ = stage(act, query)
    click(actions)

    assert len(caught) == 1
    assert "canary" not in caught[0]


def test_an_alert_puts_the_action_aside_and_its_answer_goes_on_once(stage: Stage) -> None:
    """Usage 6: no thread waits for the person."""

    async def act(_: str) -> None:
        await alert(title="Stop", text="Now.")
        await show_toast("After", variant="neutral")

    actions, _ = stage(act)
    [question] = click(actions)
    assert (question["effect"], question["title"]) == ("alert", "Stop")

    assert [line["effect"] for line in actions.resume(question["resume"], None)] == ["showToast", "done"]
    with pytest.raises(LookupError):
        actions.resume(question["resume"], None)


def test_an_action_goes_on_with_the_trace_of_its_click(stage: Stage) -> None:
    """One trace from the click to the record, though the answer to the question was a request of its own."""
    traces: list[str] = []

    async def act(_: str) -> None:
        traces.append(trace.trace_id())
        await alert(title="Stop", text="Now.")
        traces.append(trace.trace_id())

    actions, _ = stage(act)
    trace.begin(None)
    [question] = click(actions)
    trace.begin(None)
    list(actions.resume(question["resume"], None))

    assert traces[0]
    assert traces[0] == traces[1]


def test_an_action_that_was_put_aside_is_given_up_after_a_while(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tab that was closed must not be remembered for ever."""

    async def act(_: str) -> None:
        await alert(title="Stop", text="Now.")

    actions, _ = stage(act)
    [question] = click(actions)
    monkeypatch.setattr(open_questions, "WAITS", -1.0)

    with pytest.raises(LookupError):
        actions.resume(question["resume"], None)


def test_nobody_is_asked_to_connect_while_the_connection_is_good(stage: Stage) -> None:
    """O14: ALC's token endpoint is away, or another process refreshes; a new connection would end a good one."""

    async def act(_: str) -> None:
        await say("hello")

    actions, engine = stage(act)
    connections = actions._services.connections
    connections.activate(connections.add(WORKSPACE, Tokens("access", "refresh", 4e9, "")))
    engine.answer = {"error": AttioConnectionExpiredError("ALC is away. Please try again.").to_json()}

    toast, done = click(actions)
    assert (toast["effect"], toast["variant"], toast["text"]) == (
        "showToast",
        "error",
        "ALC is away. Please try again.",
    )
    assert "url" not in toast

    engine.answer = {"error": AttioNoWorkspaceConnectionError("Acme Lead Checker is not connected.").to_json()}
    assert click(actions)[0]["text"] == "Acme Lead Checker has just been connected. Please try again."

    connections.mark_needs_reconnect(connections.live(WORKSPACE).id, "ALC refuses it.")  # type: ignore[union-attr]
    prompt, done = click(actions)
    assert (prompt["effect"], done) == ("connect", {"effect": "done"})


@pytest.mark.parametrize("error", [AttioNoWorkspaceConnectionError, AttioConnectionExpiredError])
def test_a_missing_connection_asks_to_connect_and_leaves_no_toast(stage: Stage, error: type[SerializableError]) -> None:
    """Usage 7: as Attio does when an app leaves its error uncaught."""

    async def act(_: str) -> None:
        await show_toast("Working", variant="neutral", duration_ms=None)
        await say("hello")

    actions, engine = stage(act)
    engine.answer = {"error": error("Not connected.").to_json()}

    toast, hidden, prompt, done = click(actions)
    assert (hidden["effect"], hidden["id"]) == ("hideToast", toast["id"])
    assert (prompt["effect"], prompt["text"]) == ("connect", "Not connected.")
    offer = quote(f"/people/{RECORD}?offer=act", safe="")
    assert (prompt["label"], prompt["url"]) == ("Connect", f"/connections/alc/connect?next={offer}")
    assert done == {"effect": "done"}


def broken_action() -> OnTrigger:
    """An action with a bug of its own."""

    async def act(_: str) -> None:
        await show_toast("Working", variant="neutral", duration_ms=None)
        raise ZeroDivisionError("canary")

    return act


def broken_query() -> OnTrigger:
    """An action whose query fails unexpectedly."""

    async def act(_: str) -> None:
        await show_toast("Working", variant="neutral", duration_ms=None)
        await run_query("query")

    return act


def broken_call() -> OnTrigger:
    """An action that calls a function which the manifest lacks."""

    @server_function()
    def unlisted() -> None:
        """Is not in the manifest."""

    async def act(_: str) -> None:
        await show_toast("Working", variant="neutral", duration_ms=None)
        await unlisted()

    return act


@pytest.mark.parametrize("make", [broken_action, broken_query, broken_call])
def test_an_error_that_nobody_foresaw_ends_in_a_sentence_and_no_standing_toast(
    stage: Stage, make: Callable[[], OnTrigger], caplog: pytest.LogCaptureFixture
) -> None:
    """U9, Send 2: the first toast is always hidden; details are in the log, not on the page."""

    def query(*_: object) -> object:
        raise ZeroDivisionError("canary")

    actions, _ = stage(make(), query)

    toast, hidden, said, done = click(actions)
    assert (hidden["effect"], hidden["id"]) == ("hideToast", toast["id"])
    assert (said["title"], said["variant"]) == ("The action could not be run", "error")
    assert done == {"effect": "done"}
    assert "canary" not in json.dumps(said)
    assert caplog.records


def test_an_engine_that_cannot_be_asked_is_an_error_of_the_function(stage: Stage) -> None:
    """C14: a locked or full database is told to the action as a failure of the call."""
    caught: list[Exception] = []

    async def act(_: str) -> None:
        try:
            await say("hello")
        except ServerFunctionError as error:
            caught.append(error)

    actions, engine = stage(act)
    engine.answer = OSError("disk full")
    click(actions)

    assert len(caught) == 1


@pytest.fixture
def web(stage: Stage) -> Iterator[Any]:
    """The two routes, with Flask's client."""

    async def act(_: str) -> None:
        await alert(title="Stop", text="Now.")

    app = Flask(__name__)
    app.register_blueprint(blueprint(stage(act)[0]))
    yield app.test_client()


def test_replies_are_lines_of_json(web: Any) -> None:
    """NDJSON, with the header that keeps a proxy from buffering it."""
    reply = web.post(f"/people/{RECORD}/actions/act")

    assert reply.content_type == "application/x-ndjson"
    [line] = [json.loads(line) for line in reply.text.splitlines()]
    assert web.post(f"/actions/runs/{line['resume']}", json={"answer": None}).text == '{"effect": "done"}\n'
    late = web.post(f"/actions/runs/{line['resume']}", json={"answer": None})
    assert (late.status_code, open_questions.NOT_OPEN in late.text) == (410, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/people/{RECORD}/actions/never-was", 404),
        ("/people/not-an-id/actions/act", 404),
        ("/people/../actions/act", 404),
        ("/actions/runs/never-was", 410),
    ],
)
def test_what_is_not_there_is_said_before_anything_runs(web: Any, path: str, status: int) -> None:
    """R13: a record's id is a UUID or nothing."""
    assert web.post(path).status_code == status


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '"x"'])
def test_an_answer_in_any_form_is_an_answer(web: Any, body: str) -> None:
    """U9: never a 500."""
    line = json.loads(web.post(f"/people/{RECORD}/actions/act").text)

    assert web.post(f"/actions/runs/{line['resume']}", data=body, content_type="application/json").status_code == 200


def test_a_bulk_action_runs_its_calls_side_by_side_and_each_has_its_own_outcome(
    make_services: Callable[..., Services],
) -> None:
    """C1: each call has the key that a single click would give it; one that fails takes no other with it."""
    settled: list[object] = []

    async def act(run_record_batches: RunRecordBatches) -> None:
        async def work(record_ids: Sequence[str]) -> None:
            settled.extend(await all_settled(*(say(each) for each in record_ids)))

        await run_record_batches(work, batch_size=10)

    services = make_services(
        App(
            record=Record(bulk_actions=[BulkRecordAction("bulk", "Bulk", act)]),
            server_functions=[say],
            webhooks={},
            events=Events(lambda _: None, lambda _: None),
        )
    )
    engine = FakeEngine()
    services.engine = engine
    engine.answer = {"error": AlcRefused("No.").to_json()}

    lines = list(Actions(services, one).start_bulk("bulk", ["a", "b"]))

    assert list(engine.runs) == ["say:key-of-a", "say:key-of-b"]
    assert [str(each) for each in settled] == ["No.", "No."]
    assert [line["effect"] for line in lines] == ["showToast", "updateToast", "updateToast", "done"]


@pytest.mark.parametrize("body", [None, [], {}, {"record_ids": []}, {"record_ids": ["x"]}, {"record_ids": [1]}])
def test_a_bulk_action_wants_ids_of_records(make_services: Callable[..., Services], body: object) -> None:
    """U9: 400, and nothing begins."""
    services = make_services(App(Record(), [], {}, Events(lambda _: None, lambda _: None)))
    app = Flask(__name__)
    app.register_blueprint(blueprint(Actions(services, one)))

    assert app.test_client().post("/people/bulk-actions/bulk", json=body).status_code == 400
    assert app.test_client().post("/people/bulk-actions/bulk", json={"record_ids": [RECORD]}).status_code == 404
