"""`mock-alc storm` and `mock-alc story`, beside a running mock and an app that is reached over HTTP."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.typing import ResponseReturnValue

from mock_alc.commands.cli import main
from mock_alc.server import MockAlc
from mock_alc.testing.alc import Alc
from tests.support.installation import Installation
from tests.support.little_app import SECRET, LittleApp
from tests.support.servers.stack import free_ports

EXAMPLE = Path(__file__).parents[4] / "mock_alc/examples/storm"
CALLS = {"--click": "POST /send/{person}", "--status": "GET /status/{person}"}
FORGED = {"do": "verdict", "who": 1, "how": "tampered_body"}
FORGED_AT_ONCE = "203"
"""Of the days whose first is a click and a forged verdict."""
NOBODY = "http://127.0.0.1:1"
Command = Callable[..., Result]


@pytest.fixture(scope="module")
def alc() -> Iterator[Alc]:
    """A mock on a port, which `run` empties."""
    with MockAlc() as mock:
        alc = Alc(mock.app)
        yield alc
        alc.stop_serving()


@pytest.fixture
def run(alc: Alc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command over the app with a mistake, in an empty folder; options may replace those that are given."""

    monkeypatch.chdir(tmp_path)

    def run(*command: str, mistake: str = "", **options: str) -> Result:
        alc.reset()  # the app of another run listens no more
        url = over_http(alc, mistake)
        given = {"--url": alc.url, "--app": url, "--patience": "0", **CALLS}
        given |= {f"--{name}": value for name, value in options.items()}
        return CliRunner().invoke(main, [*command, *(word for option in given.items() for word in option)])

    return run


def over_http(alc: Alc, mistake: str) -> str:
    """Serve the small integration, with what a person clicks and sees."""
    app = LittleApp(alc.url, alc.token, mistake)

    @app.web.post("/send/<record_id>")
    def send(record_id: str) -> ResponseReturnValue:
        try:
            app.click(record_id)
        except RuntimeError as error:
            return {"error": str(error)}, 503
        return {}

    @app.web.get("/status/<record_id>")
    def status(record_id: str) -> ResponseReturnValue:
        shown = app.status(record_id)
        return {"data": {"status": shown}, "status": shown} if shown else ({"error": "Nobody knows it."}, 404)

    url = alc.serve(app.web)
    alc.register_webhook(url + "/hook", secret=SECRET)
    return url


@pytest.fixture
def story(tmp_path: Path) -> Callable[..., str]:
    """Write a story that somebody has saved."""

    def write(*happened: dict[str, object], promise: str = "forgeries_refused") -> str:
        rows = [{"at": 0, **each} for each in happened]
        told = {"storm": 1, "promise": promise, "promised": "A forged delivery is refused.",
                "broken_by": "A forged delivery was answered 200.", "happened": rows}  # fmt: skip
        (tmp_path / "saved.json").write_text(json.dumps(told))
        return str(tmp_path / "saved.json")

    return write


CLICKED = {"do": "click", "who": 1, "how": ""}


def test_a_broken_promise_is_told_saved_and_drawn(run: Command, tmp_path: Path) -> None:
    """And the exit code is 1, for scripts."""
    saved, page = tmp_path / "story.json", tmp_path / "wire.html"

    ran = run("storm", mistake="verifies nothing", promise="forgeries_refused", number=FORGED_AT_ONCE,
              story=str(saved), html=str(page))  # fmt: skip

    assert ran.exit_code == 1
    assert "Broken: forgeries_refused. A forged delivery" in ran.output
    assert f"Drawn in {page}." in ran.output
    assert f"Saved as {saved}. To play it again: mock-alc story play {saved} --app …" in ran.output
    assert json.loads(saved.read_text())["promise"] == "forgeries_refused"
    assert "Broken: forgeries_refused." in page.read_text()


def test_kept_promises_are_counted(run: Command) -> None:
    """And the exit code is 0. The status may be anywhere in the answer, and a person without one may be a 404."""
    ran = run("storm", "--status-field", "data.status", days="3")

    assert ran.exit_code == 0, ran.output
    assert "3 days, " in ran.output
    assert "0 kills: every promise was kept." in ran.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": NOBODY}, f"No mock answers at {NOBODY}. Start one with `mock-alc serve --control`"),
        (
            {"app": NOBODY},
            f"Can't reach the app at {NOBODY}. Start the app, let --run start it, or give its address with --app.",
        ),
        ({"app": "localhost"}, "Can't reach the app at localhost."),
        ({"promise": "no_such"}, "There is no promise no_such. There are: stays_up, one_chat, "),
        ({"click": "/send/{person}"}, "'/send/{person}' is not a call. Write a method and a path"),
        ({"click": "POST /send"}, "'POST /send' names no person. Put {person} where"),
        ({"status": "GET /nowhere"}, "'GET /nowhere' names no person."),
        ({"status": "PUT /status/{person}", "number": "3"}, "PUT /status/{person} was answered 405"),
        ({"person": "POST /people"}, "POST /people was answered 404"),
        ({"person": "GET /status/1", "status": "GET /status/{person}"}, "GET /status/1 was answered 404"),
        ({"kill": "true"}, "--kill needs --start too."),
        ({"reset": "true"}, "--reset needs --run, or --kill and --start."),
        ({"kill": "true", "start": "true", "run": "true"}, "--run already kills and starts the app."),
        ({"app": NOBODY, "run": "false"}, "The command 'false' has ended. See app.log."),
        ({"click": "GET /hook?{person}"}, "On a day without trouble, GET /hook?{person} was answered 405."),
        ({"disconnect": "POST /disconnect"}, "--disconnect needs --connect too."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_a_person_gets_wrong_is_said_in_a_sentence(run: Command, options: dict[str, str], said: str) -> None:
    """Not by a traceback."""
    ran = run("storm", **options)

    assert ran.exit_code in (1, 2)
    assert isinstance(ran.exception, SystemExit), ran.exception
    assert said in ran.output


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-command", "The command 'no-such-command' ended with 127."),
        ("false", "The command 'false' ended with 1."),
    ],
)
def test_a_kill_command_that_fails_is_named(run: Command, story: Callable[..., str], command: str, said: str) -> None:
    """With what became of it."""
    ran = run("story", "play", story({"do": "kill", "who": 1, "how": ""}), kill=command, start="true")

    assert (ran.exit_code, said in ran.output) == (1, True), ran.output


def test_an_app_that_has_registered_no_webhook_is_told_so(alc: Alc) -> None:
    """Nothing could be delivered to it."""
    alc.reset()
    app = alc.serve(LittleApp(alc.url, alc.token).web)
    calls = [word for option in CALLS.items() for word in option]

    ran = CliRunner().invoke(main, ["storm", "--url", alc.url, "--app", app, *calls])

    assert f"The app has no webhook at {alc.url}. Make it register one when it starts" in ran.output


def test_the_storm_runs_and_kills_the_app_by_itself(
    alc: Alc, story: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app whose memory is a dict has forgotten everything, and is told so. In the end it does not run any more."""
    alc.reset()
    monkeypatch.chdir(tmp_path)
    [port] = free_ports(1)
    app = f"http://127.0.0.1:{port}"
    command = f"cd {EXAMPLE} && ALC_URL={alc.url} PORT={port} exec {sys.executable} serve.py mended"
    saved = story(CLICKED, {"do": "verdict", "who": 1, "how": "interested"}, {"do": "kill", "who": 1, "how": ""},
                  promise="never_backwards")  # fmt: skip

    calls = [word for option in CALLS.items() for word in option]
    ran = CliRunner().invoke(main, ["story", "play", saved, "--url", alc.url, "--app", app, *calls, "--run", command])

    assert "Broken: never_backwards. The CRM showed Complete for Person 1, and then nothing." in ran.output
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_a_file_that_cannot_be_written_does_not_hide_the_story(run: Command, story: Callable[..., str]) -> None:
    """It was told before."""
    ran = run("story", "play", story(CLICKED, FORGED), mistake="verifies nothing", html="nowhere/wire.html")

    assert ran.exit_code == 1
    assert "Broken: forgeries_refused." in ran.output
    assert "nowhere/wire.html cannot be written: No such file or directory." in ran.output


def test_a_story_is_told(story: Callable[..., str]) -> None:
    """Without any app."""
    told = CliRunner().invoke(main, ["story", "show", story(CLICKED, FORGED)]).output

    assert told == (
        "  0:00:00  Person 1 is sent.\n"
        "  0:00:00  ALC decides on Person 1: interested. A changed delivery comes first.\n"
        "Broken: forgeries_refused. A forged delivery was answered 200.\n"
    )


def test_a_story_is_played_again(run: Command, story: Callable[..., str]) -> None:
    """It breaks its promise until the fault is mended."""
    saved = story(CLICKED, FORGED)

    broken, kept = run("story", "play", saved, mistake="verifies nothing"), run("story", "play", saved)

    assert (broken.exit_code, "Broken: forgeries_refused." in broken.output) == (1, True)
    assert (kept.exit_code, kept.output) == (0, "forgeries_refused was kept this time.\n")


def test_a_story_that_names_no_promise_is_judged_by_every_one(run: Command, story: Callable[..., str]) -> None:
    """It breaks none yet: a page has put it together, and `show` tells what happens."""
    saved = story(CLICKED, FORGED, promise="")

    broken, kept = run("story", "play", saved, mistake="verifies nothing"), run("story", "play", saved)

    assert (broken.exit_code, "Broken: forgeries_refused." in broken.output) == (1, True)
    assert (kept.exit_code, kept.output) == (0, "Every promise was kept this time.\n")
    assert "Broken" not in CliRunner().invoke(main, ["story", "show", saved]).output
    assert "def test_every_promise_is_kept" in CliRunner().invoke(main, ["story", "test", saved]).output


def test_a_story_that_is_played_is_drawn_for_a_document(run: Command, story: Callable[..., str]) -> None:
    """As Mermaid, with what happened as notes. The file has no wire in it, so this needs the app."""
    drawn = run("story", "play", "--mermaid", story(CLICKED, FORGED), mistake="verifies nothing").output

    assert drawn.startswith("sequenceDiagram\n")
    assert "Person 1 is sent." in drawn


@pytest.mark.parametrize("text", ["", '{"storm": 2}'])
def test_a_file_that_is_no_story_is_refused(tmp_path: Path, text: str) -> None:
    """In a sentence, with its name."""
    (tmp_path / "other.json").write_text(text)

    ran = CliRunner().invoke(main, ["story", "show", str(tmp_path / "other.json")])

    assert (ran.exit_code, "other.json is not a story of a storm: " in ran.output) == (1, True)


CONFTEST = """
import lossy
import mended
import pytest
import requests

from mock_alc.testing.storm import Storm
from test_storm import SECRET


@pytest.fixture(params=[lossy, mended], ids=["lossy", "mended"])
def storm(mock_alc, request):
    url = mock_alc.serve(request.param.create_app(mock_alc.url, mock_alc.token, SECRET))
    mock_alc.register_webhook(f"{url}/hook", secret=SECRET)
    return Storm(
        mock_alc,
        click=lambda person: requests.post(f"{url}/send/{person}", timeout=30).raise_for_status(),
        status=lambda person: requests.get(f"{url}/status/{person}", timeout=30).json()["status"],
    )
"""


@pytest.mark.xdist_group("installed")
def test_a_story_is_written_as_a_test(installed: Installation, tmp_path: Path, story: Callable[..., str]) -> None:
    """It fails, and is green when the fault is mended. Whatever the story has in it is right Python."""
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "conftest.py").write_text(CONFTEST)
    written = installed.run("mock-alc", "story", "test", story(CLICKED, FORGED))
    (project / "test_story.py").write_text(written.stdout)

    ran = installed.run("python", "-m", "pytest", "-q", "test_story.py", cwd=project)

    assert "FAILED test_story.py::test_forgeries_refused_is_kept[lossy]" in ran.stdout, ran.stdout + ran.stderr
    assert "1 failed, 1 passed" in ran.stdout
