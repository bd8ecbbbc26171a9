"""The bell: whoever stores work rings, so that nobody has to look for it all the time.

A ring is a hint and carries no data. One that is lost costs only the seconds until the next look, so nothing here is
durable: a named pipe for each listening process beside SQLite, LISTEN/NOTIFY on Postgres.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from alc_app.runtime.storage.postgres import with_timeouts

WORK, DELIVERIES = "work", "deliveries"
"""Rows of ours may be due; a delivery was stored. Others are made of a name: `run_of`, `queue_of`."""
CHANNEL = "alc_app"
"""Name of the channel on Postgres."""
RECONNECT_AFTER = 5.0
"""Seconds."""
log = logging.getLogger(__name__)


def queue_of(name: str) -> str:
    """Return what is rung when a run waits in a queue, or has left it."""
    return f"queue:{name}"


def run_of(run_id: str) -> str:
    """Return what is rung when a run has ended."""
    return f"run:{run_id}"


class Transport(Protocol):
    """How a ring reaches the other processes of the installation."""

    def send(self, name: str) -> None:
        """Tell every process that listens."""

    def receive(self) -> Iterator[str]:
        """Yield the name of each ring, of this process too, until `close`."""

    def close(self) -> None:
        """Stop receiving, and close what is open."""


class Listener:
    """What was rung since the last time that somebody waited."""

    def __init__(self) -> None:
        """Nothing was rung yet."""
        self._changed, self._names = threading.Event(), set[str]()
        self._lock = threading.Lock()

    def hear(self, name: str) -> None:
        """Note a ring."""
        with self._lock:
            self._names.add(name)
            self._changed.set()

    def wait(self, timeout: float) -> set[str]:
        """Wait at most so many seconds for a ring. Returns the names that were rung since the last call."""
        self._changed.wait(timeout)
        with self._lock:
            names, self._names = self._names, set()
            self._changed.clear()
            return names


class Bell:
    """Rings, and hears what others ring. A thread listens once anybody in this process does."""

    def __init__(self, transport: Transport) -> None:
        """Send and receive by `transport`."""
        self._transport = transport
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self, name: str) -> None:
        """Wake whoever listens for `name`: somebody in this process, else in the others."""
        if self._wake(name):
            return
        try:
            self._transport.send(name)
        except Exception as error:
            log.warning("The bell could not ring, so other processes notice a little later: %s", error)

    @contextmanager
    def listening(self, *names: str) -> Iterator[Listener]:
        """Yield a listener that hears these names from now on. So listen first, then look, then wait."""
        listener = Listener()
        with self._lock:
            for name in names:
                self._listeners[name].append(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)
                self._thread.start()
        try:
            yield listener
        finally:
            with self._lock:
                for name in names:
                    self._listeners[name].remove(listener)
                    if not self._listeners[name]:  # else each run that was ever waited for would be kept
                        del self._listeners[name]

    def close(self) -> None:
        """Stop listening."""
        self._transport.close()

    def _listen(self) -> None:
        for name in self._transport.receive():
            self._wake(name)

    def _wake(self, name: str) -> bool:
        with self._lock:
            listeners = self._listeners.get(name, ())
            for listener in listeners:
                listener.hear(name)
            return bool(listeners)


class Pipes:
    """A named pipe for each process that listens, in one folder. Unlike a socket's, its path may be long."""

    def __init__(self, folder: Path) -> None:
        """Use the pipes in this folder, which is made when somebody listens."""
        self._folder = folder
        self._closed = threading.Event()
        self._own: Path | None = None

    def send(self, name: str) -> None:
        """Write to each pipe. One that nobody reads is of a process that has died, and is deleted."""
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                if path != self._own and not path.name.startswith("."):
                    self._write(path, name)

    def receive(self) -> Iterator[str]:
        """Make the pipe of this process, and yield what is written to it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / uuid4().hex
        hidden = path.with_name(f".{path.name}")
        os.mkfifo(hidden, 0o600)
        pipe = os.open(hidden, os.O_RDWR | os.O_NONBLOCK)  # also for writing: without a writer it would be at its end
        hidden.rename(path)  # it is read from now on, so nobody takes it for a dead one
        self._own = path
        try:
            while not self._closed.is_set():
                if select.select([pipe], [], [], 1.0)[0]:
                    yield from set(os.read(pipe, 65536).decode().split())
        finally:
            path.unlink(missing_ok=True)
            os.close(pipe)

    def close(self) -> None:
        """Stop receiving."""
        self._closed.set()
        if self._own:
            self._write(self._own, "")

    @staticmethod
    def _write(path: Path, name: str) -> None:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            path.unlink(missing_ok=True)
            return
        try:
            with suppress(BlockingIOError):  # it is full of rings, so its process will look anyway
                os.write(pipe, f"{name}\n".encode())
        finally:
            os.close(pipe)


class Notifications:
    """LISTEN/NOTIFY on Postgres, on a connection of its own."""

    def __init__(self, url: str) -> None:
        """Use the database at this SQLAlchemy URL."""
        self._url = with_timeouts(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._closed = threading.Event()
        self._sender: Any = None
        self._sending = threading.Lock()

    def send(self, name: str) -> None:
        """Notify every listener."""
        with self._sending:
            try:
                if self._sender is None:
                    self._sender = self._connect()
                self._sender.execute("select pg_notify(%s, %s)", [CHANNEL, name])
            except Exception:
                self._sender = None  # the next ring connects anew
                raise

    def receive(self) -> Iterator[str]:
        """Listen, and connect again whenever the connection is lost."""
        import psycopg

        while not self._closed.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"listen {CHANNEL}")
                    while not self._closed.is_set():
                        yield from {notify.payload for notify in connection.notifies(timeout=1.0, stop_after=1)}
            except psycopg.Error as error:
                log.warning("This process cannot hear the bell until the database is back: %s", error)
                self._closed.wait(RECONNECT_AFTER)

    def close(self) -> None:
        """Stop receiving."""
        self._closed.set()
        if self._sender is not None:
            self._sender.close()

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(self._url, autocommit=True)
