"""Places where a test can let the process die, stumble or hang. Inert unless `ALC_FAILPOINTS` arms them, or a lab
leaves a file that has one process die once.

Each durable step is two such places, `<step>.before` and `<step>.after`: nothing done yet, and done but not yet
remembered. Between them, and at the few that are named in the code, lies every moment of the fault matrix.
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
    """What `name:raise` raises."""


def arm(spec: str, kill_once: Path | None = None) -> None:
    """Arm places: `name:kill`, `name:raise` or `name:sleep=seconds`, separated by commas. Raises: ValueError.

    `kill_once` is a file that need not be there. It names a place and the process that is spared: whoever else comes
    to that place first takes the file away, and dies.
    """
    _armed.clear()
    _kill_once[:] = [kill_once] if kill_once else []
    for entry in filter(None, (part.strip() for part in spec.split(","))):
        name, _, action = entry.partition(":")
        if action not in ("kill", "raise") and not action.removeprefix("sleep=").replace(".", "", 1).isdigit():
            raise ValueError(f'The failpoint "{entry}" is none: write name:kill, name:raise or name:sleep=seconds.')
        _armed[name] = action


def failpoint(name: str) -> None:
    """Do here what this place is armed with; usually nothing."""
    action = _armed.get(name) or ("kill" if _kill_once and _is_mine(name, _kill_once[0]) else None)
    if action is None:
        return
    log.warning("Failpoint %s: %s.", name, action)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointReached(name)
    time.sleep(float(action.removeprefix("sleep=")))  # as the tests ask


def _is_mine(name: str, order: Path) -> bool:
    """Is this process to die here? One call to the system when there is no such file, as usual."""
    try:
        place, _, spared = order.read_text().partition(" ")
        if place != name or spared == str(os.getpid()):
            return False
        order.unlink()
    except OSError:  # there is none, or another process was faster
        return False
    return True
