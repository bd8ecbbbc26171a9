"""`python -m alc_app.labs.naive`: one naive send in a process of its own, which a lab kills between its two writes.

Reads one JSON object from its input, because a token has no place among the arguments of a process.
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


class DoomedRuntime(NaiveRuntime):
    """Dies as in a power cut, once its first call has been answered."""

    def fetch(self, *args: Any, **kwargs: Any) -> Any:
        """One call, the last."""
        super().fetch(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Send, and die of it."""
    if not Config.from_env().has_labs:
        raise SystemExit("The naive code runs in development, against the stand-in, and nowhere else.")
    job = json.load(sys.stdin)
    runtime: Any = DoomedRuntime(Settings(**job["settings"]), job["alc_token"])
    with running(runtime):
        send_to_alc.run(*job["arguments"])


if __name__ == "__main__":
    main()
