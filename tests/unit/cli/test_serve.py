"""The commands that run a process, when it cannot start."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from waitress.server import create_server

from alc_app.cli import serve
from alc_app.cli.commands import main
from alc_app.mock_attio.server import MockAttioServer
from alc_app.mock_attio.store.config import MockAttioConfig


def test_the_stand_in_says_in_one_sentence_that_its_port_is_taken(tmp_path: Path) -> None:
    """No traceback, and no database file in the home."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["mock-attio", "--mock-attio-port", port, "--home", str(tmp_path)])

    assert result.exit_code == 1
    assert (
        result.output == f"Error: The Attio stand-in cannot listen at 127.0.0.1, port {port}: Address already in use.\n"
    )
    assert not list(tmp_path.glob("*.db"))


def test_the_stand_in_makes_its_home_although_it_was_given_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To keep a token of its own made the folder, which MOCK_ATTIO_TOKEN leaves out."""
    home = tmp_path / "new/home"

    def start_and_stop(config: MockAttioConfig, **_where: Any) -> None:
        with MockAttioServer(config):
            assert (home / "mock_attio.db").exists()

    monkeypatch.setattr("alc_app.mock_attio.server.serve", start_and_stop)
    monkeypatch.setenv("MOCK_ATTIO_TOKEN", "a" * 64)
    result = CliRunner().invoke(main, ["mock-attio", "--mock-attio-port", "0", "--home", str(home)])

    assert (result.exit_code, result.output) == (0, "")
    assert home.stat().st_mode & 0o077 == 0


def test_the_web_process_says_in_one_sentence_that_its_port_is_taken(tmp_path: Path) -> None:
    """It names the address, and does not start a worker first."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["serve", "--with-worker", "--port", port, "--home", str(tmp_path)])

    assert result.exit_code == 1
    assert result.output == f"Error: The web server cannot listen at 127.0.0.1, port {port}: Address already in use.\n"
    assert not list((tmp_path / "workers").glob("*"))


@pytest.mark.parametrize(
    "command",
    [
        ["demo"], ["serve"], ["worker"], ["migrate"], ["mock-attio"], ["attio-token"], ["setup-attio"], ["doctor"],
        ["catch-up"], ["rotate-keys"], ["dead-letters", "list"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_home_that_cannot_be_used_is_told_in_one_sentence(command: list[str], tmp_path: Path) -> None:
    """A file is in its place; no traceback, by any command."""
    home = tmp_path / "home"
    home.write_text("I am a file.")

    result = CliRunner().invoke(main, [*command, "--home", str(home)])

    assert result.exit_code == (2 if command == ["doctor"] else 1)
    assert isinstance(result.exception, SystemExit)
    assert f"{home} cannot be used: File exists. Check ALC_APP_HOME and ALC_APP_DATABASE_URL." in result.output


@pytest.mark.parametrize("command", ["attio-token", "demo", "mock-attio", "setup-attio"])
def test_a_key_that_others_can_read_is_told_in_one_sentence(command: str, tmp_path: Path) -> None:
    """O18: with what to do."""
    for name in ("mock_attio_token", "alc_client_secret"):
        (tmp_path / name).write_text("s3cret")
        (tmp_path / name).chmod(0o644)

    result = CliRunner().invoke(main, [command, "--home", str(tmp_path)])

    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert "Run: chmod 600" in result.output


def test_a_web_server_that_fails_ends_its_process_with_an_error() -> None:
    """Whoever looks after the process starts it again."""
    program = (
        "from alc_app.cli import serve\n"
        "class Broken:\n    def run(self): raise OSError('no more files')\n"
        "serve._answer(Broken()); print('alive')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "The web server has failed." in ended.stderr


def test_a_request_that_outlives_the_others_writes_into_no_other_file(tmp_path: Path) -> None:
    """At its end it writes to waitress's pipe. A database could be opened by the number of a pipe that was closed."""
    server = create_server(lambda *_: [], host="127.0.0.1", port=0)
    serve._finish(server, lambda: None)
    with (tmp_path / "database").open("w+b", buffering=0) as database:
        server.pull_trigger()
        database.seek(0)
        written = database.read()
    server.close()

    assert written == b""


@pytest.mark.parametrize(
    ("allowed", "most", "raised_to", "connections"),
    [
        (1024, 4096, 2400, 2000),
        (256, resource.RLIM_INFINITY, 2400, 2000),
        (1024, 1024, 1024, 624),
        (256, 256, 256, 16),
        (65_536, 65_536, None, 2000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 2000),
    ],
)
def test_connections_leave_room_for_the_files_of_the_process(
    monkeypatch: pytest.MonkeyPatch, allowed: int, most: int, raised_to: int | None, connections: int
) -> None:
    """U10: who opens many connections cannot take the database's files away, or fill the log."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, most))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))

    assert serve._connection_limit() == connections
    assert asked == ([(raised_to, most)] if raised_to else [])
