"""Processes that start at once, and SIGTERM while ALC is silent: each ends by itself, and no run has two workers."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chaos.proxy import Exchange, drips, passes
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.proxied_stack import ProxiedStack
from tests.support.servers.stack import Stack
from tests.support.waiting import PATIENCE, eventually

POST, GET = "POST /api/v1/leads", "GET /api/v1/leads"
pytestmark = pytest.mark.xdist_group("stop")


@pytest.fixture(scope="module")
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedStack]:
    """The servers, in "one process" or in "two processes", with a proxy before each."""
    with ProxiedStack(tmp_path_factory.mktemp("stop"), one_process=request.param == "one process") as running:
        yield running


@pytest.fixture
def record_id(proxied: ProxiedStack) -> str:
    """A person of a workspace that is connected."""
    user = User(proxied.app_url)
    if not user.is_connected():
        user.connect_alc()
    return Attio(proxied.attio_url, "e2e-attio-token").add_person("Ida Stein", "+442079460150")


def test_processes_that_start_at_once_on_an_empty_home_all_work(tmp_path: Path) -> None:
    """C15: each finds the tables half made by another, or makes them; the workers take different ids."""
    stack = Stack(tmp_path)
    workers = [stack.worker, stack.server("second", "", "alc_app", "worker")]
    stack.servers.append(workers[1])
    with stack:
        eventually(lambda: all("is ready" in worker.log.read_text() for worker in workers), what=stack.logs)
        user, attio = User(stack.app_url), Attio(stack.attio_url, "e2e-attio-token")
        user.connect_alc()
        record_id = attio.add_person("Ida Stein", "+442079460151")
        user.click_send(record_id)
        assert user.field(record_id, "ALC status") == "Pending"

    ids = {word for worker in workers for word in worker.log.read_text().split() if word.startswith("worker-")}
    assert ids == {"worker-0", "worker-1"}
    assert "Traceback" not in stack.logs()


@pytest.mark.parametrize(
    ("proxied", "number"),
    [("two processes", signal.SIGTERM), ("one process", signal.SIGINT)],
    indirect=["proxied"],
)
def test_every_process_ends_by_itself_and_the_work_is_done_once(
    proxied: ProxiedStack, record_id: str, number: int
) -> None:
    """C15: a run waits for ALC, a click for the run, a page for news and a request for its body; two signals come."""
    proxied.to_alc.always(POST, drips(1.0))
    proxied.to_alc.always(GET, drips(1.0))
    ours = [server for server in proxied.servers if server in (proxied.web, proxied.worker)]
    page = User(proxied.app_url).session.get(f"{proxied.app_url}/events", stream=True, timeout=PATIENCE)
    host, port = proxied.app_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as unfinished, page:
        unfinished.sendall(b"POST /hooks/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n{")
        _click(proxied, record_id)
        for _ in range(2):
            for server in ours:
                os.kill(server.pid, number)
        codes = [server.wait_for_exit() for server in ours]

    assert codes == [0] * len(ours)
    proxied.heal()
    for server in ours:
        server.start()
    _is_sent_once(proxied, record_id)


@pytest.mark.parametrize("proxied", ["two processes"], indirect=True)
def test_a_worker_keeps_its_id_while_its_run_still_calls_alc(proxied: ProxiedStack, record_id: str) -> None:
    """C15, C4: another worker takes the run over when the connection of the first is closed, not before."""
    first, second = proxied.worker, proxied.server("second", "", "alc_app", "worker")
    second.environment |= first.environment
    ended, calls, overlaps = threading.Event(), list[Exchange](), list[bool]()

    def silent_to_the_first(exchange: Exchange) -> None:
        calls.append(exchange)
        if exchange is not calls[0]:
            overlaps.append(not calls[0].has_hung_up())
        else:
            ended.wait(PATIENCE)
        passes(exchange)

    proxied.to_alc.always(POST, silent_to_the_first)
    _click(proxied, record_id)
    second.start()
    try:
        assert first.stop() == 0
        ended.set()
        _is_sent_once(proxied, record_id)
        assert overlaps == [False]
    finally:
        proxied.heal()
        first.start()
        second.stop()


def _click(proxied: ProxiedStack, record_id: str) -> None:
    """Press "Send to ALC" in the background, and return when ALC is asked."""
    asked = len(proxied.to_alc.sent(POST))
    press = threading.Thread(target=_press, args=(proxied, record_id), daemon=True)
    press.start()
    eventually(lambda: len(proxied.to_alc.sent(POST)) > asked)


def _press(proxied: ProxiedStack, record_id: str) -> None:
    """Press the button; the process that answers may end before it has."""
    try:
        User(proxied.app_url).click_send(record_id)
    except OSError:
        return


def _is_sent_once(proxied: ProxiedStack, record_id: str) -> None:
    """Wait until the record says so, and see that ALC has one lead."""
    attio = Attio(proxied.attio_url, "e2e-attio-token")
    eventually(lambda: attio.value(record_id, "alc_status") == "Pending", what=proxied.logs)
    assert len(Alc(proxied.alc_url).leads(record_id)) == 1
    assert attio.history(record_id, "alc_status") == ["Pending"]
