"""`alc-app compare-attio`: another server plays the real workspace, exact or with a mistake of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from flask import Flask, Response, request

from alc_app.cli.commands import main
from alc_app.cli.compare_attio import command
from alc_app.cli.compare_attio.calls import CALLS, JOB_TITLE, NOBODY, PEOPLE, Call
from alc_app.cli.compare_attio.command import NEVER, CannotCompare, Comparison, last_time, save
from alc_app.cli.compare_attio.differences import differences
from alc_app.cli.compare_attio.player import Answer
from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.config import MockAttioConfig
from mock_alc.double.serving import LocalServer

TOKEN = "the-token-of-the-workspace"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Workspace = Callable[..., Any]


@contextmanager
def workspace(*changes: Callable[[Flask], None]) -> Iterator[str]:
    """Run what plays the real workspace, and yield its URL."""
    app = create_app(MockAttioConfig("sqlite://", TOKEN, writes_per_second=0, reads_per_second=0, seeded=False))
    for change in changes:
        change(app)
    server = LocalServer(app)
    try:
        yield server.url
    finally:
        server.close()


def run(url: str, *flags: str, token: str = TOKEN, typed: str | None = None) -> Result:
    """Run the command at a workspace."""
    environment = {"ATTIO_API_TOKEN": token, "ATTIO_URL": url}
    return CliRunner().invoke(main, ["compare-attio", *flags], env=environment, input=typed)


def changed(path: str, change: Callable[[Any], None], method: str = "POST") -> Callable[[Flask], None]:
    """Change the JSON of each answer to these requests."""

    def install(app: Flask) -> None:
        @app.after_request
        def edit(response: Response) -> Response:
            if (request.method, request.path) == (method, path) and response.is_json:
                body = response.get_json()
                change(body)
                response.set_data(json.dumps(body))
            return response

    return install


def left_in(url: str) -> list[Any]:
    """Everything of a run that is still in a workspace."""
    marked = {"filter": {"job_title": JOB_TITLE}}
    people = requests.post(f"{url}{PEOPLE}/query", json=marked, headers=BEARER, timeout=20).json()["data"]
    others = [requests.get(f"{url}/v2/{room}", headers=BEARER, timeout=20).json()["data"] for room in ROOMS]
    return [*people, *(row for rows in others for row in rows if "compare-" in str(row))]


ROOMS = ("tasks", "notes", "webhooks")


def test_two_that_are_alike_have_no_differences_and_nothing_is_left() -> None:
    """The ids, times and secrets of a workspace are no difference."""
    with workspace() as url:
        done = run(url, "--yes")

        assert f"0 of {len(CALLS)} calls get different answers." in done.stdout
        assert done.exit_code == 0
        assert not left_in(url)
    assert TOKEN not in done.output


def test_a_field_that_only_attio_has_is_named() -> None:
    """With the call, and where it is."""

    def add(body: Any) -> None:
        body["data"]["is_new"] = True

    with workspace(changed("/v2/webhooks", add)) as url:
        done = run(url, "--yes")

    assert "✗ Create a webhook\n    data.is_new: Attio has True, the stand-in nothing.\n" in done.stdout
    assert done.exit_code == 1


def test_another_status_is_told_with_its_code_and_message() -> None:
    """The body is not compared then."""

    def refuse(app: Flask) -> None:
        @app.after_request
        def other(response: Response) -> Response:
            if response.status_code == 400 and b"uniqueness" in response.data:
                response.status_code = 409
            return response

    with workspace(refuse) as url:
        done = run(url, "--yes", "--json")

    ((line,),) = json.loads(done.stdout)["different"].values()
    assert line.startswith("Attio answers 409 (uniqueness_conflict: ")
    assert "the stand-in 400 (uniqueness_conflict: " in line


def test_what_the_token_may_not_do_is_no_difference() -> None:
    """The call is named, so that nobody takes it for compared."""

    def forbid(app: Flask) -> None:
        @app.before_request
        def no_tasks() -> Any:
            return ({"status_code": 403, "code": "unauthorized"}, 403) if "/tasks" in request.path else None

    with workspace(forbid) as url:
        done = run(url, "--yes")

    assert "- Create a task: the token has no permission (403)." in done.stdout
    assert "Delete the task" not in done.stdout.replace("✗ Delete the task", "")


def test_a_workspace_that_breaks_off_is_cleaned_up_all_the_same() -> None:
    """And the command says that nothing was compared."""

    def break_off(app: Flask) -> None:
        answer = app.wsgi_app

        def drop(environ: Any, start_response: Any) -> Any:
            if environ["PATH_INFO"].endswith("/entries"):
                raise ConnectionAbortedError  # werkzeug closes the connection without an answer then
            return answer(environ, start_response)

        app.wsgi_app = drop

    with workspace(break_off) as url:
        done = run(url, "--yes")
        assert not left_in(url)

    assert done.exit_code == 2
    assert f"Error: Can't reach {url}: " in done.stderr


def test_a_token_that_attio_does_not_accept_compares_nothing() -> None:
    """45 refusals would be reported as differences of the stand-in."""
    with workspace() as url:
        done = run(url, "--yes", token="wrong")

    assert done.stderr.endswith(f"Error: {url} does not accept this token. Check ATTIO_API_TOKEN.\n")
    assert (done.stdout, done.exit_code) == ("", 2)


def test_the_next_run_deletes_what_a_killed_run_has_left() -> None:
    """By the mark on each person."""
    with workspace() as url:
        body = {"data": {"values": {"job_title": JOB_TITLE}}}
        requests.post(f"{url}{PEOPLE}", json=body, headers=BEARER, timeout=20).raise_for_status()
        assert left_in(url)

        assert run(url, "--yes").exit_code == 0

        assert not left_in(url)


def test_a_limit_of_attio_is_waited_for() -> None:
    """429 with `Retry-After` is no answer to compare."""
    refused: list[str] = []

    def limit(app: Flask) -> None:
        @app.before_request
        def too_many() -> Any:
            if refused:
                return None
            refused.append(request.path)
            return {"code": "rate_limit_exceeded"}, 429, {"Retry-After": "0"}

    with workspace(limit) as url:
        done = run(url, "--yes")

    assert refused
    assert done.exit_code == 0


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_nothing_is_made_in_a_workspace_before_somebody_has_said_yes(typed: str) -> None:
    """The question says what will be made. An end of the input is a no; 1 would say that there are differences."""
    with workspace() as url:
        done = run(url, typed=typed)
        assert not left_in(url)

    assert "and deletes them again. Continue?" in done.stderr
    assert done.exit_code == 2


def test_without_a_token_only_the_stand_in_is_called_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until somebody has compared, the last line says that nobody has."""
    monkeypatch.setattr(command, "COMPARED", Path("nowhere.json"))

    done = run("", token="")

    assert done.stdout.splitlines() == [
        f"The stand-in has answered {len(CALLS)} calls. Set ATTIO_API_TOKEN to compare it with a real workspace.",
        NEVER,
    ]
    assert done.exit_code == 2


def test_a_comparison_with_attio_itself_is_kept_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with any other server is not."""
    monkeypatch.setattr(command, "COMPARED", tmp_path / "compared.json")
    found = Comparison("2026-11-30T08:00:00+00:00", "https://api.attio.com", 45, [], {"Get the person": ["…"]}, [])

    assert save(found).exists()
    assert last_time() == (
        "Last compared with a real workspace at 2026-11-30T08:00:00+00:00: 1 of 45 calls get different answers."
    )
    with workspace() as url:
        assert "Only a comparison with https://api.attio.com is saved" in run(url, "--yes", "--save").stderr
    with pytest.raises(CannotCompare):
        save(Comparison("", "http://127.0.0.1:1", 45, [], {}, []))


def test_every_call_but_those_on_what_is_missing_is_answered_by_the_stand_in() -> None:
    """Each title is told apart, and no call depends on one that has failed."""
    answers = command.play_at_stand_in()

    assert len({call.title for call in CALLS}) == len(CALLS)
    assert not [answer.not_made for answer in answers if answer.not_made]
    assert {answer.status for answer in answers} == {200, 400, 401, 404}


@pytest.mark.parametrize(
    ("real", "stand_in", "line"),
    [
        ({"at": "2026-01-02T03:04:05.000000000Z"}, {"at": "2025-01-01T01:01:01.123456789Z"}, None),
        (
            {"at": "2026-01-02T03:04:05.000000000Z"},
            {"at": "2025-01-01T01:01:01Z"},
            "at: Attio has '<a time in nanoseconds>', the stand-in '<a time>'.",
        ),
        ({"id": NOBODY}, {"id": None}, "id: Attio has '<an id>', the stand-in None."),
        ({"of": [1, 2]}, {"of": [1]}, "of: Attio has 2 items, the stand-in 1 items."),
        ({"of": [{"a": 1}]}, {"of": [{"a": 2}]}, "of[0].a: Attio has 1, the stand-in 2."),
    ],
)
def test_values_are_compared_by_what_they_are(real: Any, stand_in: Any, line: str | None) -> None:
    """An id is like any other id, and a time like any other of its form."""
    found = differences(Call("", "GET", ""), Answer(200, real), Answer(200, stand_in))

    assert found == ([line] if line else [])
