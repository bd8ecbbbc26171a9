"""Where labs are played: both sides at once, one lab at a time, and everything put back whoever stops watching."""

from __future__ import annotations

import inspect
import queue
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alc_app.attio.host.errors import FetchError
from alc_app.labs.background import begin
from alc_app.labs.clients import LabFailed
from alc_app.labs.naive_side import Addresses, NaiveSide
from alc_app.labs.our_side import OurSide
from alc_app.labs.script import Script
from alc_app.labs.scripts import SCRIPTS
from alc_app.labs.side import Line, Side, log
from alc_app.labs.sweep import sweep
from alc_app.pages import Excerpt, Lab, LabsBusy
from alc_app.runtime.services import WORKSPACE, Services

ROOT = Path(__file__).parents[2]
CONNECT = "Connect Acme Lead Checker first: our side sends through the workspace's connection."
SHUT = (
    "ALC's control door is shut, and labs break things there: start it with mock-alc serve --control, as the demo does."
)
AWAY = "ALC cannot be reached. Check that it is running."
LOOK_EVERY = 0.2
TAKE_BACK = 4.0
"""Seconds that a lab has to put everything back when the process is told to stop."""
STUMBLED = "Something unexpected happened. The log says what."


class LabStage:
    """What `alc_app.pages` asks for (its protocol `Labs`)."""

    def __init__(self, services: Services, stopping: threading.Event) -> None:
        self._services, self._stopping = services, stopping
        self._busy = threading.Lock()
        self.addresses: Addresses = {}
        if services.config.kill_once:
            services.config.kill_once.unlink(missing_ok=True)  # of a lab whose process did not live to take it back

    def all(self) -> Sequence[Lab]:
        """The labs, in their order."""
        return [replace(script.lab, number=number) for number, script in enumerate(SCRIPTS, 1)]

    def get(self, name: str) -> Lab | None:
        """One of them, with its excerpts."""
        lab = next((lab for lab in self.all() if lab.name == name), None)
        return replace(lab, sources=_excerpts(_script(name))) if lab else None

    def missing(self) -> str | None:
        """Is there somebody to send with, and may ALC be broken?"""
        live = self._services.connections.live(WORKSPACE)
        if live is None or live.status != "active":
            return CONNECT
        try:
            alc = NaiveSide(self._services, lambda _line: None, self._stopping, {}).alc
            return None if alc.control_is_open() else SHUT
        except FetchError:
            return AWAY

    def run(self, name: str, guess: str) -> Iterator[Line]:
        """Play a lab on both sides at once. Raises: LabsBusy."""
        if not self._busy.acquire(blocking=False):
            raise LabsBusy
        lines: queue.Queue[Line | None] = queue.Queue()
        begin(self._play, _script(name), guess, lines)
        return self._told(lines)

    def _told(self, lines: queue.Queue[Line | None]) -> Iterator[Line]:
        """The lines as they come; when the process is to stop, no longer than a lab may need to take things back."""
        until = float("inf")
        while time.monotonic() < until:
            try:
                line = lines.get(timeout=LOOK_EVERY)
            except queue.Empty:
                if self._stopping.is_set():
                    until = min(until, time.monotonic() + TAKE_BACK)
                continue
            if line is None:
                return
            yield line

    def _play(self, script: Script, guess: str, lines: queue.Queue[Line | None]) -> None:
        """Goes on to its end, and tidies up, whether somebody still reads or not."""
        try:
            sweep(self._services, self._stopping)
            ground = (self._services, lines.put, self._stopping)
            sides = (NaiveSide(*ground, self.addresses), OurSide(*ground))
            for playing in [begin(_play_on, side, script, guess, lines.put) for side in sides]:
                playing.result()
        except Exception:
            log.exception("A lab stumbled.")
            lines.put({"event": "failed", "side": None, "text": STUMBLED})
        finally:
            self._busy.release()
            lines.put({"event": "done"})
            lines.put(None)


def _play_on(side: Side, script: Script, guess: str, tell: Callable[[Line], None]) -> None:
    told: Line
    try:
        side.set_up()
        came_true = script.play(side)
        found = next(choice for choice in script.lab.choices if choice.id == came_true)
        told = {"event": "outcome", "text": found.text, "good": found.good, "guessed": found.id == guess}
    except LabFailed as failed:
        told = {"event": "failed", "text": str(failed)}
    except Exception:
        log.exception("One side of a lab stumbled.")
        told = {"event": "failed", "text": STUMBLED}
    side.tidy_up()
    tell({**told, "side": side.name})


def _script(name: str) -> Script:
    return next(script for script in SCRIPTS if script.lab.name == name)


def _excerpts(script: Script) -> dict[Any, list[Excerpt]]:
    return {"naive": [_excerpt(piece) for piece in script.naive], "ours": [_excerpt(piece) for piece in script.ours]}


def _excerpt(piece: Any) -> Excerpt:
    """A function as its file has it."""
    piece = inspect.unwrap(getattr(piece, "run", piece))
    lines, first = inspect.getsourcelines(piece)
    file = Path(inspect.getsourcefile(piece) or "").relative_to(ROOT)
    return Excerpt(file.as_posix(), first, textwrap.dedent("".join(lines)).rstrip())
