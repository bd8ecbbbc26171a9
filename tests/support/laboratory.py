"""A client for the pages of the labs, and servers that are restarted as the demo restarts them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack

OURS = 2
"""The webhooks of a connection at ALC: for verdicts, and for prospects."""
Line = dict[str, Any]


@contextmanager
def stack_with_restarts(home: Path) -> Iterator[Stack]:
    """The servers, with a thread that restarts the worker when it dies, as the demo does."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            if running.worker.process and not running.worker.is_running:
                running.worker.launch()

    with Stack(home) as running:
        watching = threading.Thread(target=watch)
        watching.start()
        yield running
        ended.set()
        watching.join()


class Laboratory:
    """A client for the pages of the labs, which also finds what a lab has left behind."""

    def __init__(self, stack: Stack, user: User, alc: Alc, attio: Attio) -> None:
        self._stack, self.user, self._alc, self._attio = stack, user, alc, attio

    def start(self, name: str, guess: str) -> requests.Response:
        """Press "Run it"."""
        return self.user.post(f"/labs/{name}/run", json={"guess": guess}, stream=True)

    def run(self, name: str, guess: str) -> list[Line]:
        """Run a lab to its end, and return its events."""
        reply = self.start(name, guess)
        assert reply.status_code == 200, reply.text
        return [json.loads(line) for line in reply.iter_lines()]

    def play(self, story: Any, sides: str = "both") -> list[Line]:
        """Play a story to its end, on both sides or on "ours", and return its events."""
        reply = self.user.post(f"/labs/stories/run?sides={sides}", json=story, stream=True)
        assert reply.status_code == 200, reply.text
        return [json.loads(line) for line in reply.iter_lines()]

    def exchanges(self) -> list[Line]:
        """Return the messages of the live sequence."""
        return list(self.user.get("/exchanges.json").json()["messages"])

    def choices(self, name: str) -> dict[str, str]:
        """Return the texts of the choices by id."""
        page = self.user.get(f"/labs/{name}").text
        return dict(re.findall(r'name="guess" value="(\w+)" required><span>([^<]+)</span>', page))

    def left_behind(self) -> list[str]:
        """Return people, webhooks, faults, findings and dead letters that should not be there."""
        people = self._attio.call("POST", "/v2/objects/people/records/query", {"limit": 500})
        names = [record["values"]["name"][0]["full_name"] for record in people if record["values"]["name"]]
        faults = self._alc._call("GET", "/_mock/faults")["faults"]
        state = self._alc._call("GET", "/_mock/state")
        checks = self.user.post("/doctor/report", json={"mend": False}).json()["checks"]
        letters = self.user.get("/doctor/dead-letters.json").json()["dead_letters"]
        return [
            *(name for name in names if name.startswith("Lab:")),
            *map(str, faults),
            *(f"webhooks: {state['webhooks']}" for _ in [0] if state["webhooks"].get("active") != OURS),
            *(finding["text"] for check in checks for finding in check["findings"]),
            *(letter["text"] for letter in letters),
            *(file.name for file in self._stack.home.glob("kill-once*")),
        ]
