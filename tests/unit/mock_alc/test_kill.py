"""The power goes: a real process is killed in the middle of a delivery, and another goes on in its home."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.waiting import PATIENCE, eventually
from tests.unit.mock_alc.support import LEAD, Receiver


@contextmanager
def mock_in(home: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process of ours, killed at the end as a power cut would."""
    command = [sys.executable, "-u", "-m", "mock_alc", "serve", "--port", "0", "--home", str(home), "--control"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url
        try:
            yield url[0], process
        finally:
            process.kill()


def test_a_delivery_survives_kill_9(tmp_path: Path, receiver: Receiver) -> None:
    """W1, W3, W8: it is sent again under the same id, and the try that broke off is shown."""
    entered, release = threading.Event(), threading.Event()

    def hang(_path: str) -> tuple[int, dict[str, str], bytes]:
        entered.set()
        release.wait(20)
        return 200, {}, b""

    with mock_in(tmp_path) as (url, process):
        receiver.next_answer = hang  # the first delivery hangs
        token = requests.post(f"{url}/_mock/tokens", timeout=PATIENCE).json()["access_token"]
        auth = {"Authorization": f"Bearer {token}"}
        hook = {"name": "h", "url": receiver.url(), "event": "lead.processed"}
        requests.post(f"{url}/api/v1/webhooks", json=hook, headers=auth, timeout=PATIENCE)
        lead = requests.post(f"{url}/api/v1/leads", json=LEAD, headers=auth, timeout=PATIENCE).json()
        requests.post(f"{url}/_mock/leads/{lead['id']}/decide", timeout=PATIENCE)
        eventually(entered.is_set)
        process.kill()
        process.wait(10)
    release.set()

    with mock_in(tmp_path) as (url, _process):
        assert requests.post(f"{url}/_mock/clock", json={"until": "idle"}, timeout=PATIENCE).json()["idle"]
        [delivery] = requests.get(f"{url}/_mock/deliveries", timeout=PATIENCE).json()["deliveries"]

    assert [attempt["error"] for attempt in delivery["attempts"]] == ["interrupted", None]
    assert delivery["state"] == "delivered"
    assert {received.headers["webhook-id"] for received in receiver.received} == {delivery["id"]}
