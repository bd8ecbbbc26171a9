"""The integration as a process of the storm's own: started, killed and ended by it."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

LOG = Path("app.log")
"""Where the process writes, in the current folder."""


@dataclass
class AppProcess:
    """A command of the shell that goes on until it is killed, such as `node app.mjs`."""

    command: str
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, in a group of its own. Raises: OSError, if the log cannot be written."""
        with LOG.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S602 - the user's own command
                self.command, shell=True, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """Kill -9 it, and what it has started."""
        if self._process and not self.has_ended:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
