"""The processes, as the command line starts them."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import click

from alc_app import logs
from alc_app.config import LOOPBACK, Config

if TYPE_CHECKING:
    from flask import Flask

THREADS = 64
STOP_WITHIN = 5


def run(config: Config, *, with_worker: bool, workers: int) -> None:
    """Serve the web process on granian until it is told to stop."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    if workers > 1 and config.database("app").startswith("sqlite"):
        raise click.ClickException("More than one web process needs Postgres: set ALC_APP_DATABASE_URL.")
    if with_worker and workers > 1:
        raise click.ClickException("--with-worker is for one process: start `alc-app worker` beside the others.")
    _warn_if_public(config)
    os.environ.update(config.as_env())  # the server's own child process builds the app from it
    target = "alc_app.serve:app_with_worker" if with_worker else "alc_app.serve:app"
    click.echo(f"alc_app is at {config.base_url}")
    Granian(
        target,
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        factory=True,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN,
        log_level=LogLevels.error,
        log_dictconfig=logs.GRANIAN,
    ).serve()


def app() -> Flask:
    """The web app of this environment: what granian's child process loads."""
    from alc_app import create_app

    logs.set_up()
    gc.disable()  # nothing that is imported becomes garbage: a tenth of the start is spent looking for some
    web = create_app(Config.from_env())
    gc.freeze()
    gc.enable()
    return web


def app_with_worker() -> Flask:
    """The web app with a worker in the same process."""
    import atexit

    from alc_app.runtime.executor import ExecutorLock
    from alc_app.runtime.worker import Worker

    web = app()
    worker = Worker(web.extensions["house"], ExecutorLock(Config.from_env().home, "worker-0"))
    worker.start()
    atexit.register(worker.stop)
    return web


def run_worker(config: Config, executor_id: str) -> None:
    """Run the worker until it is told to stop."""
    from alc_app.app import app as manifest
    from alc_app.runtime.executor import ExecutorLock, ExecutorTaken
    from alc_app.runtime.house import House
    from alc_app.runtime.worker import Worker, run_for_ever

    logs.set_up()
    house = House(config, manifest)
    try:
        run_for_ever(Worker(house, ExecutorLock(config.home, executor_id)))
    except ExecutorTaken as error:
        raise click.ClickException(str(error)) from None
    finally:
        house.close()


def run_mock_attio(config: Config, writes_per_second: int, reads_per_second: int) -> None:
    """Run the Attio stand-in until it is told to stop."""
    from alc_app.mock_attio import MockAttioConfig
    from alc_app.mock_attio.server import serve

    logs.set_up()
    mock = MockAttioConfig(
        database_url=f"sqlite:///{config.home / 'mock_attio.db'}",
        token=config.stand_in_token,
        status_type=config.alc_status_type,
        writes_per_second=writes_per_second,
        reads_per_second=reads_per_second,
        web_url=f"{config.base_url}/people/{{record_id}}",
    )
    serve(mock, host="127.0.0.1", port=config.mock_attio_port)


def _warn_if_public(config: Config) -> None:
    if config.host not in LOOPBACK:
        click.echo(
            f"Warning: bound to {config.host}. The workspace has no login: whoever reaches this address can use it. "
            "Put a proxy that asks for one in front.",
            err=True,
        )
