"""The processes that the commands start: the web process, the worker and the Attio stand-in."""

from __future__ import annotations

import logging
import os
import resource
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from alc_app.cli.output import listening
from alc_app.config.addresses import save_addresses
from alc_app.config.settings import Config
from alc_app.config.sign_in import is_on_this_machine
from alc_app.runtime.loading import loading
from alc_app.runtime.observability import logs
from alc_app.runtime.stop_signals import stopping

if TYPE_CHECKING:
    from flask import Flask
    from waitress.server import BaseWSGIServer

    from alc_app.runtime.jobs.worker import Worker

THREADS = 64
MAX_BODY_BYTES = 256 * 1024
MAX_CONNECTIONS, FEWEST_CONNECTIONS = 2000, 16
OWN_FILES = 400
"""Files that this process opens for itself under load: databases, calls to others, pipes."""
ENGINE_AFTER = 2.0
"""Seconds after the start at which the engine is connected."""
IDLE_SECONDS = 30
"""A connection is closed after so many seconds without a byte. One that sends a request byte by byte stays open, and
holds no thread: in production the proxy waits for whole requests."""
log = logging.getLogger(__name__)


def run(config: Config, *, with_worker: bool) -> None:
    """Serve the web process until SIGTERM or SIGINT, which also ends the open event streams.

    Raises: click.ClickException, if the process cannot start.
    """
    with loading():
        from alc_app.runtime.storage.sealing import KeyMissing
        from alc_app.runtime.stores.worker_ids import WorkerIdTaken

    logs.configure(config.log_level, config.log_format)
    try:
        web = _build(config)
        server = _listen(web, config)
        worker = _worker(web) if with_worker else None
    except (WorkerIdTaken, KeyMissing) as error:
        raise click.ClickException(str(error)) from None
    save_addresses(config.home, config.addresses)
    _connect_engine_soon(web)
    with stopping() as stop:
        threading.Thread(target=_answer, args=(server,), name="web", daemon=True).start()
        click.echo(f"alc_app is at {config.base_url}")
        stop.wait()
        _finish(server, web.extensions["live"].stop)
        if worker:
            worker.stop()


def _build(config: Config) -> Flask:
    from alc_app import create_app

    with loading():
        return create_app(config)


def _listen(web: Flask, config: Config) -> BaseWSGIServer:
    """Return the server, which is listening.

    waitress reads a whole request before it gives it to a thread, and buffers the response for slow clients, so no slow
    or silent client can hold a thread.
    """
    from waitress.server import create_server

    with listening("The web server", config.host, config.port):
        return create_server(
            web,
            host=config.host,
            port=config.port,
            threads=THREADS,
            max_request_body_size=MAX_BODY_BYTES,
            ident=None,
            connection_limit=_connection_limit(),
            asyncore_use_poll=True,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=10,
            clear_untrusted_proxy_headers=False,  # sign_in/proxy.py knows whose may be trusted
        )


def _connection_limit() -> int:
    """Return how many connections may be open at once: as many as leave room for our own files.

    Each is a file of the process. Without one, waitress would try to accept in an endless loop, with a traceback each
    time, and no database could be opened. Systems often allow 1024 or 256, and more to who asks.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OWN_FILES
    if resource.RLIM_INFINITY != allowed < wanted:
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    left = MAX_CONNECTIONS if allowed == resource.RLIM_INFINITY else allowed - OWN_FILES
    return min(max(left, FEWEST_CONNECTIONS), MAX_CONNECTIONS)


def _worker(web: Flask) -> Worker:
    from alc_app.runtime.jobs.worker import Worker

    worker = Worker(web.extensions["services"])
    worker.start()
    return worker


def _connect_engine_soon(web: Flask) -> None:
    """Connect the engine in the background, when the first page is out, so that no click waits for it."""
    timer = threading.Timer(ENGINE_AFTER, web.extensions["services"].engine.is_up)
    timer.daemon = True
    timer.start()


def _answer(server: BaseWSGIServer) -> None:
    """Answer requests while the process lives. If that fails the process ends; what it was doing others continue."""
    try:
        server.run()
    except Exception:
        log.exception("The web server has failed.")
        os._exit(1)


def _finish(server: BaseWSGIServer, end_streams: Callable[[], None]) -> None:
    """Wait a few seconds for the requests under way. `end_streams` ends those that would go on.

    The server is not closed: a request that takes longer writes to its pipe, and another file might have that number.
    """
    end_streams()
    server.task_dispatcher.shutdown()


def run_worker(config: Config, executor_id: str) -> None:
    """Run the worker until SIGTERM or SIGINT. Raises: click.ClickException, if it cannot start."""
    with loading():
        import dbos  # noqa: F401 - the worker imports it when it starts

        from alc_app.app import app as manifest
        from alc_app.runtime.jobs.worker import Worker, run_until_signal
        from alc_app.runtime.observability.metrics import serve_metrics
        from alc_app.runtime.services import Services
        from alc_app.runtime.storage.sealing import KeyMissing
        from alc_app.runtime.stores.worker_ids import WorkerIdTaken

    logs.configure(config.log_level, config.log_format)
    try:
        services = Services(config, manifest)
        if port := config.worker_metrics_port:
            with listening("The worker's metrics", "127.0.0.1", port):
                serve_metrics(port)
        run_until_signal(Worker(services, executor_id))
        services.close()
    except (WorkerIdTaken, KeyMissing) as error:
        raise click.ClickException(str(error)) from None


def run_mock_attio(config: Config) -> None:
    """Run the Attio stand-in until SIGTERM or SIGINT. Raises: click.ClickException, if it cannot start."""
    with loading():
        from sqlalchemy.exc import DBAPIError

        from alc_app.mock_attio.server import serve
        from alc_app.mock_attio.store.config import MockAttioConfig
        from alc_app.runtime.storage.database import explain

    logs.configure(config.log_level, config.log_format)
    mock = MockAttioConfig(
        database_url=f"sqlite:///{config.home / 'mock_attio.db'}",
        token=config.stand_in_token,
        status_type=config.alc_status_type,
        writes_per_second=config.mock_attio_writes_per_second,
        reads_per_second=config.mock_attio_reads_per_second,
        web_url=f"{config.base_url}/people/{{record_id}}",
        control=config.mock_attio_control,
    )
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)  # Not there yet if the token is in the environment.
    try:
        with listening("The Attio stand-in", "127.0.0.1", config.mock_attio_port):
            serve(mock, host="127.0.0.1", port=config.mock_attio_port)
    except DBAPIError as error:
        raise click.ClickException(explain(error, str(config.home / "mock_attio.db"))) from None


def run_mock_provider(config: Config) -> None:
    """Run the demo's provider until SIGTERM or SIGINT. Raises: click.ClickException, if it cannot be."""
    from waitress import serve

    from alc_app.cli.mock_provider import Client, MockProvider

    address = urlsplit(config.oidc_issuer)
    if config.auth != "oidc" or not is_on_this_machine(address):
        raise click.ClickException("ALC_APP_AUTH must be oidc, and ALC_APP_OIDC_ISSUER on this machine.")
    client = Client(config.oidc_client_id, config.oidc_client_secret.get_secret_value(), config.base_url)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    host, port = address.hostname or "", address.port or 80
    with listening("The provider", host, port):
        serve(MockProvider(config.oidc_issuer, client).app, host=host, port=port, ident=None)
