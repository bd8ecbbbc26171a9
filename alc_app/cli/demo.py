"""`alc-app demo`: all the servers of the tutorial's diagram on one machine, watched over, their logs in one place."""

from __future__ import annotations

import http.client
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from alc_app.config.secret_files import keep_secret
from alc_app.config.settings import Config

READY_WITHIN = 30.0
STOP_WITHIN = 10.0
RESTART_AFTER = 1.0


@dataclass
class Part:
    """One server of the demo."""

    name: str
    colour: str
    arguments: list[str]
    environment: dict[str, str]
    url: str = ""
    process: subprocess.Popen[str] | None = None


def run(config: Config, decide_after: float) -> int:
    """Start every part, show where to go, and watch over them until Ctrl-C; returns the exit code."""
    parts = plan(config, decide_after)
    taken = [part.url for part in parts if part.url and _answers(part.url)]
    if taken:
        raise click.ClickException(
            f"Something is already running at {', '.join(taken)}. Stop it, or choose other ports: alc-app demo --help."
        )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    os.umask(0o077)  # the databases of every part are this user's alone
    try:
        # The page first, because a person waits for it; then the rest, which has time until the first click.
        for some in (parts[:-2], parts[-2:]):
            for part in some:
                _start(part)
            ready = _wait_until_ready(some, ended)
        if ready:
            _welcome(config)
        _watch(parts, ended)
    finally:
        click.echo("\nStopping …")
        _stop(parts)
    return 0


def plan(config: Config, decide_after: float) -> list[Part]:
    """The parts of the demo: the page comes first, because people wait for it."""
    client_secret = config.alc_client_secret.get_secret_value() or keep_secret(
        config.home / "alc_client_secret", lambda: secrets.token_urlsafe(32)
    )
    ours = {**os.environ, **config.as_env(), "ALC_CLIENT_SECRET": client_secret, "PYTHONUNBUFFERED": "1"}
    alc = {
        **ours,
        "MOCK_ALC_URL": config.alc_url,
        "MOCK_ALC_PORT": str(urlsplit(config.alc_url).port or 8001),
        "MOCK_ALC_HOME": str(config.home),
        "MOCK_ALC_CONTROL": "1",
        "MOCK_ALC_DECIDE_AFTER": str(decide_after),
        "MOCK_ALC_CLIENT_ID": config.alc_client_id,
        "MOCK_ALC_CLIENT_SECRET": client_secret,
        "MOCK_ALC_REDIRECT_URIS": f"{config.base_url}/connections/alc/callback",
    }
    parts = [
        Part("web", "cyan", ["alc_app", "serve"], ours, config.base_url),
        Part("mock_alc", "yellow", ["mock_alc", "serve"], alc, config.alc_url),
        Part("worker", "green", ["alc_app", "worker"], ours),
    ]
    if not config.uses_real_attio:
        parts.insert(1, Part("attio", "magenta", ["alc_app", "mock-attio"], ours, config.attio_origin))
    return parts


def _start(part: Part) -> None:
    part.process = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, "-m", *part.arguments],
        env=part.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for us; we tell the parts
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no thread of ours holds a lock
    )
    threading.Thread(target=_show_log, args=(part, part.process), daemon=True).start()


def _die_with_parent() -> None:
    """Linux: a part must not outlive the demo, even when the demo is killed."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _show_log(part: Part, process: subprocess.Popen[str]) -> None:
    for line in process.stdout or ():
        click.echo(f"{click.style(f'{part.name:>8} │', fg=part.colour)} {line.rstrip()}")


def _watch(parts: list[Part], ended: threading.Event) -> None:
    """Start a part again when it has died: nothing is lost, and nobody has to do it by hand."""
    while not ended.wait(0.5):
        for part in parts:
            if part.process and part.process.poll() is not None:
                click.echo(f"{part.name} ended with {part.process.returncode}; starting it again.", err=True)
                if not ended.wait(RESTART_AFTER):
                    _start(part)


def _wait_until_ready(parts: list[Part], ended: threading.Event) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    waiting = [part.url for part in parts if part.url]
    while waiting and time.monotonic() < deadline and not ended.wait(0.05):
        waiting = [url for url in waiting if not _answers(url)]
        if any(part.process and part.process.poll() is not None for part in parts):
            return False
    return not waiting


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException, socket.gaierror):
        return False
    finally:
        connection.close()
    return True


def _welcome(config: Config) -> None:
    def row(what: str, url: str) -> str:
        return f"  {what:<20} {click.style(url, bold=True)}"

    click.echo(
        "\n".join(
            (
                "",
                row("Open the workspace", config.base_url),
                row("ALC's own console", config.alc_url),
                row("Attio's API", f"{config.attio_origin}/v2"),
                "",
                f"  New here? Begin the tutorial there, or in another terminal: .venv/bin/alc-app tour{_home(config)}",
                "  Ctrl-C stops everything.",
                "",
            )
        )
    )


def _home(config: Config) -> str:
    """The flag by which other commands find what runs here, where it is needed."""
    is_default = config.home == Config.model_fields["home"].default
    return "" if is_default else f" --home {shlex.quote(str(config.home))}"


def _stop(parts: list[Part]) -> None:
    running = [part.process for part in parts if part.process and part.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for process in running:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
