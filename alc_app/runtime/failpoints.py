"""Failpoints: named places where a test can kill the process, raise an error or sleep.

They do nothing unless `ALC_FAILPOINTS` arms them, or a lab writes a file that kills one worker once. Each durable step
has two, `<step>.before` (nothing done yet) and `<step>.after` (done, but not yet recorded). Together with the few that
are named in the code they cover every row of the fault matrix.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

log = logging.getLogger(__name__)
_armed: dict[str, str] = {}
_kill_once: list[Path] = []


class FailpointReached(Exception):
    """Raised by a failpoint that is armed with `name:raise`."""


def arm(spec: str) -> None:
    """Arm failpoints: `name:kill`, `name:raise` or `name:sleep=seconds`, separated by commas. Raises: ValueError."""
    _armed.clear()
    for entry in filter(None, (part.strip() for part in spec.split(","))):
        name, _, action = entry.partition(":")
        if action not in ("kill", "raise") and not action.removeprefix("sleep=").replace(".", "", 1).isdigit():
            raise ValueError(f'There is no failpoint "{entry}". Write name:kill, name:raise or name:sleep=seconds.')
        _armed[name] = action


def obey(kill_once: Path | None) -> None:
    """Obey a file that may be written later: a failpoint's name and the id of a process to spare. None: no longer.

    The first other process to reach that failpoint deletes the file and dies. A look for it at each failpoint is too
    much for intake, so only workers obey.
    """
    _kill_once[:] = [kill_once] if kill_once else []


def failpoint(name: str) -> None:
    """Do what this failpoint is armed with; usually nothing."""
    action = _armed.get(name) or ("kill" if _kill_once and _dies_here(name, _kill_once[0]) else None)
    if action is None:
        return
    log.warning("Failpoint %s: %s.", name, action)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointReached(name)
    time.sleep(float(action.removeprefix("sleep=")))  # what was asked for


def _dies_here(name: str, order: Path) -> bool:
    """Return whether this process has to die here. Costs one system call if there is no file, as usual."""
    if not os.access(order, os.F_OK):
        return False
    try:
        ordered, _, spared = order.read_text(encoding="ascii").partition(" ")
        if ordered != name or spared == str(os.getpid()):
            return False
        order.unlink()
    except OSError:  # there is none, or another process was faster
        return False
    return True
