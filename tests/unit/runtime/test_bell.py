"""The bell: a ring is heard in the same process and in others; one that is lost is nothing to worry about."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alc_app.runtime.bell import Bell, Notifications, Pipes

PATIENCE = 30.0
OTHER = """
import sys
from pathlib import Path
from alc_app.runtime.bell import Bell, Notifications, Pipes
where = sys.argv[1]
bell = Bell(Notifications(where) if where.startswith("postgres") else Pipes(Path(where)))
with bell.listening("work") as listener:
    print("listening", flush=True)
    while "work" not in listener.wait(30):
        pass
    print("heard", flush=True)
bell.close()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The folder of the pipes, or the URL of the database."""
    return str(tmp_path / "bells") if request.param == "sqlite" else str(request.getfixturevalue("postgres"))


@pytest.fixture
def bell(where: str) -> Iterator[Bell]:
    """The bell of this process."""
    bell = Bell(Notifications(where) if where.startswith("postgres") else Pipes(Path(where)))
    yield bell
    bell.close()


def test_a_ring_is_heard_in_another_process(bell: Bell, where: str) -> None:
    """A web process rings, and a worker looks."""
    with subprocess.Popen([sys.executable, "-c", OTHER, where], stdout=subprocess.PIPE, text=True) as other:  # noqa: S603 - ours
        assert other.stdout
        assert other.stdout.readline() == "listening\n"
        heard = threading.Event()

        def ring_until_heard() -> None:
            while not heard.wait(0.05):
                bell.ring("work")

        ringing = threading.Thread(target=ring_until_heard)
        ringing.start()
        try:
            assert other.stdout.readline() == "heard\n"
        finally:
            heard.set()
            ringing.join()
        assert other.wait(timeout=PATIENCE) == 0


def test_a_ring_while_nobody_waits_is_kept_for_the_next_wait(tmp_path: Path) -> None:
    """Listen, look, wait: what is stored while somebody looks is seen by the next look."""
    bell = Bell(Pipes(tmp_path / "bells"))
    with bell.listening("work", "deliveries") as listener:
        bell.ring("deliveries")
        bell.ring("work")
        bell.ring("work")
        bell.ring("something else")

        assert listener.wait(PATIENCE) == {"work", "deliveries"}
        assert listener.wait(0.0) == set()
    bell.close()


def test_nothing_is_kept_of_what_nobody_listens_for_any_more(tmp_path: Path) -> None:
    """A web process listens for each run that somebody waits for."""
    bell = Bell(Pipes(tmp_path / "bells"))
    with bell.listening("work"):
        for number in range(3):
            with bell.listening(f"run:{number}"), bell.listening(f"run:{number}"):
                assert f"run:{number}" in bell._listeners
        assert list(bell._listeners) == ["work"]
    bell.close()


def test_the_pipe_of_a_process_that_died_is_cleared_away(tmp_path: Path) -> None:
    """After a kill -9 nobody reads it any more."""
    folder = tmp_path / "bells"
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-c", OTHER, str(folder)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "listening\n"
        while not list(folder.glob("[!.]*")):
            pass
        other.kill()
    bell = Bell(Pipes(folder))

    bell.ring("work")

    assert not list(folder.glob("[!.]*"))
    bell.close()


def test_a_bell_that_cannot_be_rung_does_not_fail_what_was_stored(caplog: pytest.LogCaptureFixture) -> None:
    """The next look finds it."""
    Bell(Notifications("postgresql://nobody@127.0.0.1:1/nothing")).ring("work")

    assert "other processes notice a little later" in caplog.text
