"""What the demo would start, and what it does when a server cannot get started."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import click
import pytest

from alc_app.cli import demo
from alc_app.cli.demo import Server, plan, run
from alc_app.cli.demo_log import DemoLog
from alc_app.cli.serve import run_mock_provider
from alc_app.config.settings import Config
from alc_app.runtime.storage.file_locks import FileLocks
from tests.support.sign_in import SIGN_IN


@pytest.mark.parametrize(
    ("alc_url", "host", "port"),
    [
        ("http://127.0.0.1:8001", "127.0.0.1", "8001"),
        ("http://localhost:9001", "localhost", "9001"),
        ("http://[::1]:9001", "::1", "9001"),
        ("http://127.0.0.1", "127.0.0.1", "80"),
    ],
)
def test_alc_listens_where_the_app_looks_for_it(tmp_path: Path, alc_url: str, host: str, port: str) -> None:
    """Any address of this machine."""
    [alc] = [server for server in plan(Config.from_env(home=tmp_path, alc_url=alc_url), 6) if server.name == "mock_alc"]

    settings = {name: alc.environment[f"MOCK_ALC_{name}"] for name in ("URL", "HOST", "PORT")}
    assert settings == {"URL": alc_url, "HOST": host, "PORT": port}


@pytest.mark.parametrize(
    "alc_url", ["https://api.acmeleadchecker.ai", "https://127.0.0.1:8001", "http://10.0.0.5:8001"]
)
def test_an_alc_elsewhere_is_refused(tmp_path: Path, alc_url: str) -> None:
    """The demo runs its own; it would wait for ever for another to answer."""
    with pytest.raises(click.ClickException, match="ALC_URL must be on this machine"):
        plan(Config.from_env(home=tmp_path, alc_url=alc_url), 6)


def test_with_a_sign_in_there_is_a_provider_and_every_server_knows_it(tmp_path: Path) -> None:
    """U4: an admin by address, a member by domain; the secret is made once and kept in the home."""
    servers = {server.name: server for server in plan(Config.from_env(home=tmp_path), 6, 8003)}
    again = plan(Config.from_env(home=tmp_path), 6, 8003)

    assert servers["provider"].url == "http://127.0.0.1:8003"
    for name in ("web", "worker", "provider"):
        given = {key: servers[name].environment[f"ALC_APP_{key}"] for key in ("AUTH", "ADMINS", "MEMBERS")}
        assert given == {"AUTH": "oidc", "ADMINS": "robin@example.com", "MEMBERS": "@example.com"}
    assert again[0].environment == servers["web"].environment
    assert "provider" not in {server.name for server in plan(Config.from_env(home=tmp_path), 6)}


@pytest.mark.parametrize("settings", [{}, {"auth": "oidc", "oidc_issuer": "https://login.example.com"}])
def test_the_provider_is_for_this_machine_only(tmp_path: Path, settings: dict[str, str]) -> None:
    """Anybody may be anybody there."""
    config = Config.from_env(home=tmp_path, **{**SIGN_IN, **settings} if settings else {})
    with pytest.raises(click.ClickException, match="ALC_APP_OIDC_ISSUER on this machine"):
        run_mock_provider(config)


def test_a_second_demo_in_the_same_home_is_refused(tmp_path: Path) -> None:
    """It would overwrite the addresses by which `tour` and `doctor` find the first."""
    held = FileLocks(tmp_path)("demo")
    assert held

    with pytest.raises(click.ClickException, match=f"A demo already runs in {tmp_path}"):
        run(Config.from_env(home=tmp_path), 6)

    held.release()
    again = FileLocks(tmp_path)("demo")
    assert again
    again.release()


def test_a_server_that_cannot_get_started_ends_the_demo(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Instead of being started again for ever; here it is a module that is not there. Its last lines say why."""
    monkeypatch.setattr(demo, "RESTART_DELAY", 0.0)
    server, log = (
        Server("worker", "green", ["alc_app.no_such_module"], dict(os.environ)),
        DemoLog(tmp_path, in_terminal=False),
    )
    demo._start(server, log)

    with pytest.raises(click.ClickException, match="worker has ended 3 times right after its start"):
        demo._watch([server], log, threading.Event())

    said = capfd.readouterr().err
    assert "worker ended with 1. Starting it again." in said
    assert "No module named alc_app.no_such_module" in said


def test_the_log_is_in_a_file_and_in_the_terminal_on_request(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`--logs`; what the terminal shows already is not repeated when a server ends."""
    quiet = DemoLog(tmp_path, in_terminal=False)
    quiet.add("web", "one", colour="cyan")
    assert (quiet.path.read_text(), quiet.tail("web")) == ("     web │ one\n", "one")
    assert not capfd.readouterr().out

    shown = DemoLog(tmp_path, in_terminal=True)
    shown.add("web", "two", colour="cyan")
    assert (shown.path.read_text(), shown.tail("web")) == ("     web │ two\n", "")
    assert "web │ two" in capfd.readouterr().out


@pytest.mark.parametrize(("code", "age"), [(-9, 0.0), (1, 60.0), (0, 0.0)])
def test_a_server_that_was_killed_or_ran_for_long_is_started_again(code: int, age: float) -> None:
    """However often that happens."""
    server = Server("worker", "green", [], {}, started_at=time.monotonic() - age)

    for _ in range(demo.SHORT_LIVES + 1):
        demo._count_short_life(server, code)

    assert server.short_lives == 0
