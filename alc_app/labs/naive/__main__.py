"""`python -m alc_app.labs.naive`: one naive send in a process that kills itself between the two writes.

It reads `{"settings": {…}, "alc_token": "…", "arguments": […]}` from standard input, because other users of the machine
can read a process's arguments.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from alc_app.attio.host.context import Settings, running
from alc_app.config.settings import Config
from alc_app.labs.naive.runtime import NaiveRuntime
from alc_app.labs.naive.send_to_alc_server import send_to_alc


class KilledRuntime(NaiveRuntime):
    """A runtime whose process dies by SIGKILL as soon as its first request has been answered."""

    def fetch(self, *args: Any, **kwargs: Any) -> Any:
        """Send one request, then kill this process."""
        super().fetch(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Send the person named in the job. The process dies before this returns."""
    if not Config.from_env().has_labs:
        raise SystemExit("The naive code runs in development, against the stand-in, and nowhere else.")
    job = json.load(sys.stdin)
    runtime: Any = KilledRuntime(Settings(**job["settings"]), job["alc_token"])
    with running(runtime):
        send_to_alc.run(*job["arguments"])


if __name__ == "__main__":
    main()
