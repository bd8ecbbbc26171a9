"""An integration in any language, used over HTTP and by commands of the shell."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mock_alc.testing.storm.integration import new_person
from mock_alc.webhooks.http_client import request_text

TIMEOUT = 60.0
BAD, NOT_FOUND = 400, 404
CALL = re.compile(r"[A-Z]+ /\S*")
START_WITHIN = 30.0


class AppUnusable(Exception):
    """The integration cannot be used as it was described. The message is a sentence."""


class CallRefused(Exception):
    """The integration has answered a call with an error, of this status."""

    def __init__(self, call: str, status: int) -> None:
        """Say which call, and how it was answered."""
        super().__init__(f"{call} was answered {status}.")
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

    def check(self) -> None:
        """Look whether it can be used. Raises: AppUnusable."""
        for call in filter(None, (self.click, self.status, self.person, self.connect, self.disconnect)):
            if not CALL.fullmatch(call):
                raise AppUnusable(f"{call!r} is no call. Write a method and a path, such as 'POST /send/{{person}}'.")
        for call in (self.click, self.status):
            if "{person}" not in call:
                raise AppUnusable(
                    f"{call!r} does not say whom it is about. Put {{person}} where the record id belongs."
                )
        for one, other in (("kill", "start"), ("start", "kill"), ("disconnect", "connect")):
            if getattr(self, one) and not getattr(self, other):
                raise AppUnusable(f"--{one} needs --{other} too.")
        self._request("GET", "")

    def as_integration(self) -> dict[str, Any]:
        """Return the arguments of `Storm`."""
        calls: dict[str, Callable[..., Any]] = {"click": self._click, "status": self._status}
        calls["person"] = self._person if self.person else new_person
        for name in ("connect", "disconnect"):
            if call := getattr(self, name):
                calls[name] = lambda call=call: self._call(call)
        if self.kill and self.start:
            calls |= {"kill": lambda: _shell(self.kill), "start": self._start}
        return calls

    def _click(self, record_id: str) -> None:
        self._call(self.click, record_id)

    def _status(self, record_id: str) -> str | None:
        try:
            found = _pick(self._call(self.status, record_id), self.status_field)
        except CallRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise
        return None if found is None else str(found)

    def _person(self) -> str:
        found = _pick(self._call(self.person), self.person_field)
        if not isinstance(found, str | int):
            raise AppUnusable(f"The answer to {self.person} has no {self.person_field}.")
        return str(found)

    def _start(self) -> None:
        _shell(self.start)
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until:
            with suppress(AppUnusable):
                self._request("GET", "")
                return
            time.sleep(0.05)
        raise AppUnusable(f"Nothing answers at {self.url} {START_WITHIN:g} s after it was started.")

    def _call(self, call: str, record_id: str = "") -> Any:
        """Make a call. Raises: CallRefused, or AppUnusable if nobody answers."""
        method, _, path = call.partition(" ")
        status, text = self._request(method, path.replace("{person}", record_id))
        if status >= BAD:
            raise CallRefused(call, status)
        try:
            return json.loads(text)
        except ValueError:
            return text

    def _request(self, method: str, path: str) -> tuple[int, str]:
        try:
            return request_text(method, self.url.rstrip("/") + path)
        except (OSError, ValueError) as error:
            raise AppUnusable(
                f"Nothing answers at {self.url}. Start the app, or say where it is with --app."
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
    """Run a command; what it starts may go on. Raises: AppUnusable."""
    try:
        done = subprocess.run(shlex.split(command), check=False, timeout=TIMEOUT, start_new_session=True)  # noqa: S603 - the user's own command
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AppUnusable(f"The command {command!r} cannot be run: {error}") from error
    if done.returncode:
        raise AppUnusable(f"The command {command!r} ended with {done.returncode}.")
