"""An integration in any language, used over HTTP and by commands of the shell."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from mock_alc.testing.storm.app_process import LOG, AppProcess
from mock_alc.testing.storm.integration import new_person
from mock_alc.webhooks.http_client import request_text

TIMEOUT = 60.0
BAD, NOT_FOUND, FAILED = 400, 404, 500
SHOWN = 200
"""Characters of an answer that are shown."""
CALL = re.compile(r"[A-Z]+ /\S*")
START_WITHIN = 30.0


class AppUnusable(Exception):
    """The integration cannot be used as it was described. The message is a sentence."""


class AppDown(AppUnusable, ConnectionError):
    """Nobody answers at the integration."""


class CallRefused(Exception):
    """The integration has answered a call with an error, of this status."""

    def __init__(self, call: str, status: int, text: str) -> None:
        """Say which call, and how it was answered."""
        said = " ".join(text.split())
        readable = said and not said.startswith("<")
        super().__init__(f"{call} was answered {status}{f': {said[:SHOWN]}' if readable else '.'}")
        self.status = status


@dataclass(frozen=True)
class HttpApp:
    """The calls of one integration. Each is a method and a path below `url`, in which {person} is the record id."""

    url: str
    click: str
    status: str
    status_field: str = "status"
    person: str = ""
    person_field: str = "id"
    connect: str = ""
    disconnect: str = ""
    kill: str = ""
    start: str = ""
    run: str = ""
    reset: str = ""

    @contextmanager
    def running(self) -> Iterator[dict[str, Any]]:
        """Look whether it can be used, and yield the arguments of `Storm`. Raises: AppUnusable.

        With `run`, the process is started, and ended when the block ends.
        """
        self._check()
        process = AppProcess(self.run)
        try:
            if self.run:
                self._start(process)
            self._request("GET", "")
            yield self._integration(process)
        finally:
            process.kill()

    def _check(self) -> None:
        """Look whether the calls and commands can be used. Raises: AppUnusable."""
        for call in filter(None, (self.click, self.status, self.person, self.connect, self.disconnect)):
            if not CALL.fullmatch(call):
                raise AppUnusable(
                    f"{call!r} is not a call. Write a method and a path, such as 'POST /send/{{person}}'."
                )
        for call in (self.click, self.status):
            if "{person}" not in call:
                raise AppUnusable(f"{call!r} names no person. Put {{person}} where the record id belongs.")
        for one, other in (("kill", "start"), ("start", "kill"), ("disconnect", "connect")):
            if getattr(self, one) and not getattr(self, other):
                raise AppUnusable(f"--{one} needs --{other} too.")
        if self.reset and not (self.run or self.kill):
            raise AppUnusable("--reset needs --run, or --kill and --start.")
        if self.run and self.kill:
            raise AppUnusable("--run already kills and starts the app. Omit --kill and --start.")

    def _integration(self, process: AppProcess) -> dict[str, Any]:
        calls: dict[str, Callable[..., Any]] = {"click": self._click, "status": self._status}
        calls["person"] = self._person if self.person else new_person
        for name in ("connect", "disconnect"):
            if call := getattr(self, name):
                calls[name] = lambda call=call: self._call(call)
        if self.run:
            calls |= {"kill": process.kill, "start": lambda: self._start(process)}
        elif self.kill:
            calls |= {"kill": lambda: _shell(self.kill), "start": lambda: self._start(None)}
        if self.reset:
            calls["reset"] = lambda: _shell(self.reset)
        return calls

    def _click(self, record_id: str) -> None:
        self._call(self.click, record_id)

    def _status(self, record_id: str) -> str | None:
        try:
            found = _pick(self._call(self.status, record_id), self.status_field)
        except CallRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            if refused.status >= FAILED:
                raise AppDown(str(refused)) from refused
            raise
        return None if found is None else str(found)

    def _person(self) -> str:
        found = _pick(self._call(self.person), self.person_field)
        if not isinstance(found, str | int):
            raise AppUnusable(f"The answer to {self.person} has no {self.person_field}.")
        return str(found)

    def _start(self, process: AppProcess | None) -> None:
        """Start it, and wait until it answers."""
        if process:
            process.start()
        else:
            _shell(self.start)
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until:
            with suppress(AppUnusable):
                self._request("GET", "")
                return
            if process and process.has_ended:
                raise AppUnusable(f"The command {process.command!r} has ended. See {LOG}.")
            time.sleep(0.05)
        raise AppUnusable(f"Can't reach the app at {self.url} {START_WITHIN:g} s after it was started.")

    def _call(self, call: str, record_id: str = "") -> Any:
        """Make a call. Raises: CallRefused, or AppUnusable if nobody answers."""
        method, _, path = call.partition(" ")
        status, text = self._request(method, path.replace("{person}", record_id))
        if status >= BAD:
            raise CallRefused(call, status, text)
        try:
            return json.loads(text)
        except ValueError:
            return text

    def _request(self, method: str, path: str) -> tuple[int, str]:
        try:
            return request_text(method, self.url.rstrip("/") + path)
        except (OSError, ValueError) as error:
            raise AppDown(
                f"Can't reach the app at {self.url}. Start the app, let --run start it, or give its address with --app."
            ) from error


def _pick(value: Any, path: str) -> Any:
    """Return what is at a path such as `data.values.alc_status.0.value`; None if there is nothing."""
    if isinstance(value, str):
        return value or None
    for key in path.split("."):
        try:
            value = value[int(key) if isinstance(value, list) else key]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value if not isinstance(value, dict | list) else json.dumps(value)


def _shell(command: str) -> None:
    """Run a command of the shell; what it starts may go on. Raises: AppUnusable."""
    try:
        done = subprocess.run(command, shell=True, check=False, timeout=TIMEOUT, start_new_session=True)  # noqa: S602 - the user's own command
    except subprocess.TimeoutExpired as error:
        raise AppUnusable(
            f"The command {command!r} did not end within {TIMEOUT:g} s. Put & at its end to let it run on."
        ) from error
    if done.returncode:
        raise AppUnusable(f"The command {command!r} ended with {done.returncode}.")
