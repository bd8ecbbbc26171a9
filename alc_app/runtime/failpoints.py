"""Places where a test can let the process die, stumble or hang. Inert unless `ALC_FAILPOINTS` arms them.

Each durable step is two such places, `<step>.before` and `<step>.after`: nothing done yet, and done but not yet
remembered. Between them, and at the few that are named in the code, lies every moment of the fault matrix.
"""

from __future__ import annotations

import logging
import os
import signal
import time

log = logging.getLogger(__name__)
_armed: dict[str, str] = {}


class FailpointReached(Exception):
    """What `name:raise` raises."""


def arm(spec: str) -> None:
    """Arm places: `name:kill`, `name:raise` or `name:sleep=seconds`, separated by commas. Raises: ValueError."""
    _armed.clear()
    for entry in filter(None, (part.strip() for part in spec.split(","))):
        name, _, action = entry.partition(":")
        if action not in ("kill", "raise") and not action.removeprefix("sleep=").replace(".", "", 1).isdigit():
            raise ValueError(f'The failpoint "{entry}" is none: write name:kill, name:raise or name:sleep=seconds.')
        _armed[name] = action


def failpoint(name: str) -> None:
    """Do here what this place is armed with; usually nothing."""
    action = _armed.get(name)
    if action is None:
        return
    log.warning("Failpoint %s: %s.", name, action)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointReached(name)
    time.sleep(float(action.removeprefix("sleep=")))
