"""`alc-app demo`: run all servers of the tutorial's diagram on this machine, and restart any that ends."""

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
from contextlib import nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from alc_app.cli.demo_log import DemoLog
from alc_app.config.secret_files import keep_secret
from alc_app.config.settings import Config
from alc_app.config.sign_in import is_on_this_machine
from alc_app.runtime.stop_signals import on_stop_signal
from alc_app.runtime.storage.file_locks import FileLocks

STOP_TIMEOUT = 9.0
"""Seconds from SIGTERM to kill -9; each server ends by itself before that."""
RESTART_DELAY = 1.0
SHORT_LIFE = 10.0
"""Seconds. A server that fails sooner after its start may never get further."""
SHORT_LIVES = 3
"""How many of them in a row end the demo."""


@dataclass
class Server:
    """One process of the demo. The worker has no URL."""

    name: str
    colour: str
    arguments: list[str]
    environment: dict[str, str]
    url: str = ""
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    short_lives: int = 0
    reader: threading.Thread | None = None
    """Reads the output of the process into the log."""


def run(config: Config, decide_after: float, provider_port: int | None = None, *, show_logs: bool = False) -> int:
    """Start every server, print the URLs, and restart servers that end until Ctrl-C. Return the exit code.

    With a `provider_port`, people sign in, at a provider of the demo's own. `show_logs` shows what the servers log.
    """
    servers = plan(config, decide_after, provider_port)
    lock = FileLocks(config.home)("demo")
    if lock is None:
        raise click.ClickException(f"A demo already runs in {config.home}. Stop it, or name another home: --home.")
    taken = [server.url for server in servers if server.url and _answers(server.url)]
    if taken:
        raise click.ClickException(
            f"Something is already running at {', '.join(taken)}. Stop it, or choose other ports: alc-app demo --help."
        )
    stopping = threading.Event()
    os.umask(0o077)  # only this user may read the databases and the log
    config.home.mkdir(parents=True, exist_ok=True)
    log = DemoLog(config.home, in_terminal=show_logs)
    click.echo("Starting …")
    with on_stop_signal(stopping.set):
        try:
            if _start_all(servers, log, stopping):
                _welcome(config, log, signs_in=provider_port is not None)
            _watch(servers, log, stopping)
        finally:
            click.echo("\nStopping …")
            _stop(servers)
            lock.release()
    return 0


def plan(config: Config, decide_after: float, provider_port: int | None = None) -> list[Server]:
    """Return the servers of the demo. The web process comes first, because the user waits for its page.

    Raises: click.ClickException, if ALC is to be elsewhere.
    """
    address = urlsplit(config.alc_url)
    if not is_on_this_machine(address):
        raise click.ClickException("The demo runs ALC itself: ALC_URL must be on this machine, http://127.0.0.1:8001.")
    client_secret = config.alc_client_secret.get_secret_value() or keep_secret(
        config.home / "alc_client_secret", lambda: secrets.token_urlsafe(32)
    )
    ours = {**os.environ, **config.as_env(), "ALC_CLIENT_SECRET": client_secret, "PYTHONUNBUFFERED": "1"}
    if provider_port is not None:
        ours |= _sign_in_settings(config, provider_port)
    alc = {
        **ours,
        "MOCK_ALC_URL": config.alc_url,
        "MOCK_ALC_HOST": address.hostname or "",
        "MOCK_ALC_PORT": str(address.port or 80),
        "MOCK_ALC_HOME": str(config.home),
        "MOCK_ALC_CONTROL": "1",
        "MOCK_ALC_DECIDE_AFTER": str(decide_after),
        "MOCK_ALC_CLIENT_ID": config.alc_client_id,
        "MOCK_ALC_CLIENT_SECRET": client_secret,
        "MOCK_ALC_REDIRECT_URIS": f"{config.base_url}/connections/alc/callback",
    }
    servers = [
        Server("web", "cyan", ["alc_app", "serve"], ours, config.base_url),
        Server("mock_alc", "yellow", ["mock_alc", "serve"], alc, config.alc_url),
        Server("worker", "green", ["alc_app", "worker"], ours),
    ]
    if not config.uses_real_attio:
        attio = {**ours, "MOCK_ATTIO_CONTROL": "1"}
        servers.insert(1, Server("attio", "magenta", ["alc_app", "mock-attio"], attio, config.attio_origin))
    if provider_port is not None:
        issuer = ours["ALC_APP_OIDC_ISSUER"]
        servers.insert(1, Server("provider", "blue", ["alc_app", "mock-provider"], ours, issuer))
    return servers


def _sign_in_settings(config: Config, provider_port: int) -> dict[str, str]:
    """Return the settings by which one of the provider's two people is an admin, and the other a member."""
    secret = keep_secret(config.home / "provider_client_secret", lambda: secrets.token_urlsafe(32))
    return {
        "ALC_APP_AUTH": "oidc",
        "ALC_APP_ADMINS": "robin@example.com",
        "ALC_APP_MEMBERS": "@example.com",
        "ALC_APP_OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
        "ALC_APP_OIDC_CLIENT_ID": "alc-app",
        "ALC_APP_OIDC_CLIENT_SECRET": secret,
    }


def _start_all(servers: list[Server], log: DemoLog, stopping: threading.Event) -> bool:
    """Start every server. Return whether all are ready: not, if Ctrl-C came first. Raises: ClickException."""
    # First what the page needs; ALC and the worker have time until the first click.
    for group in (servers[:-2], servers[-2:]):
        for server in group:
            _start(server, log)
        if not _wait_until_ready(group, stopping):
            if ended := [server for server in group if server.process and server.process.poll() is not None]:
                _show_tails(ended, log)
                names = " and ".join(server.name for server in ended)
                raise click.ClickException(f"{names} could not start. The lines above say why.")
            return False
    return True


def _start(server: Server, log: DemoLog) -> None:
    server.started_at = time.monotonic()
    server.process = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, "-m", *server.arguments],
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",  # a server may print in another encoding
        start_new_session=True,  # Ctrl-C reaches only this process, which then stops the servers
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no thread of ours holds a lock
    )
    server.reader = threading.Thread(target=_read_output, args=(server, server.process, log), daemon=True)
    server.reader.start()


def _die_with_parent() -> None:
    """Let the kernel stop this server when the demo ends, even by kill -9 (Linux only)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _read_output(server: Server, process: subprocess.Popen[str], log: DemoLog) -> None:
    with process.stdout or nullcontext(()) as lines:
        for line in lines:
            log.add(server.name, line.rstrip(), colour=server.colour)


def _show_tails(servers: list[Server], log: DemoLog) -> None:
    """Show the last lines of servers that have ended."""
    for server in servers:
        if server.reader:
            server.reader.join(timeout=2)  # a process that it has left behind could keep the pipe open
        click.echo(log.tail(server.name), err=True)


def _watch(servers: list[Server], log: DemoLog, stopping: threading.Event) -> None:
    """Restart every server that ends, until `stopping` is set. Raises: ClickException, if one cannot get started."""
    while not stopping.wait(0.5):
        for server in servers:
            if server.process and (code := server.process.poll()) is not None:
                _show_tails([server], log)
                _count_short_life(server, code)
                click.echo(f"{server.name} ended with {code}. Starting it again.", err=True)
                if not stopping.wait(RESTART_DELAY):
                    _start(server, log)


def _count_short_life(server: Server, code: int) -> None:
    """Count a failure soon after the start; a signal (a negative code) is none. Raises: ClickException at the third."""
    failed = code > 0 and time.monotonic() - server.started_at < SHORT_LIFE
    server.short_lives = server.short_lives + 1 if failed else 0
    if server.short_lives == SHORT_LIVES:
        raise click.ClickException(
            f"{server.name} has ended {SHORT_LIVES} times right after its start. The lines above say why."
        )


def _wait_until_ready(servers: list[Server], stopping: threading.Event) -> bool:
    waiting = [server.url for server in servers if server.url]
    while waiting and not stopping.wait(0.05):
        waiting = [url for url in waiting if not _answers(url)]
        if any(server.process and server.process.poll() is not None for server in servers):
            return False
    return not waiting


def _answers(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=2)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException, socket.gaierror):
        return False
    finally:
        connection.close()
    return True


def _welcome(config: Config, log: DemoLog, *, signs_in: bool) -> None:
    def row(what: str, where: object) -> str:
        return f"  {what:<16} {where}"

    sign_in = "Sign in as Robin, an admin, or as Imani, a member. No password is needed."
    hint = sign_in if signs_in else "Press Connect there. The tutorial takes it from there."
    click.echo(
        "\n".join(
            (
                "",
                row("ALC's console", config.alc_url),
                row("Attio's API", f"{config.attio_origin}/v2"),
                row("In the terminal", _tour_command(config)),
                row("Log", log.path),
                row("Stop", "Ctrl-C"),
                "",
                row("Open", click.style(config.base_url, bold=True)),
                row("", hint),
                "",
            )
        )
    )


def _tour_command(config: Config) -> str:
    """Return the command of the tour. It needs the flag `--home` unless the home is the default one."""
    is_default = config.home == Config.model_fields["home"].default
    return ".venv/bin/alc-app tour" + ("" if is_default else f" --home {shlex.quote(str(config.home))}")


def _stop(servers: list[Server]) -> None:
    running = [server.process for server in servers if server.process and server.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT
    for process in running:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
