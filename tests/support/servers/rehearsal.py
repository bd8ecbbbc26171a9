"""What servers do, done once in the process that they are forked from.

SQLAlchemy compiles a statement when it first runs, and a worker runs fifty of them before it is ready. The forks
find them compiled.
"""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from alc_app.config.settings import Config
from alc_app.mock_attio.server import MockAttioServer
from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.runtime.jobs.worker import Worker
from alc_app.runtime.services import Services
from alc_app.web.factory import build
from mock_alc.server import MockAlc
from tests.support.chaos.actions import Actions
from tests.support.chaos.promises import Promises
from tests.support.chaos.world import world
from tests.support.servers.clients import Alc, Attio
from tests.support.waiting import PATIENCE

NOWHERE = "http://127.0.0.1:1"
PHONE = "+442079460018"


def rehearse() -> None:
    """Send a lead in virtual time, build the web app, start and stop a worker, and then both doubles.

    No thread is left: a fork would lack it.
    """
    with TemporaryDirectory() as home, world(Path(home)) as whole:
        Actions(whole, Promises(whole)).begin()
        whole.run_due_work()
    with TemporaryDirectory() as home:
        config = Config.from_env(home=Path(home), alc_url=NOWHERE, attio_url=NOWHERE)
        with closing(build(config).extensions["services"]) as services:
            _work(services)
    _double()
    assert threading.active_count() == 1, threading.enumerate()


def _work(services: Services) -> None:
    worker, nobody = Worker(services), ["no record", "Nobody", PHONE]
    worker.start()
    run = services.engine.enqueue("server_function", "send_to_alc", nobody, queue="functions")
    services.engine.wait_for_outcome(run, within=PATIENCE)
    worker.stop()


def _double() -> None:
    with MockAttioServer(MockAttioConfig("sqlite://", "token", control=True)) as attio:
        Attio(attio.url, "token").add_person("Mara Voss", PHONE)
    with MockAlc() as alc:
        assert not Alc(alc.url).webhooks()
