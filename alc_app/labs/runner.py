"""Run labs: both sides at once, one lab at a time. A lab runs to its end even if the page is closed."""

from __future__ import annotations

import inspect
import queue
import random
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alc_app.attio.host import trace
from alc_app.attio.host.errors import FetchError
from alc_app.labs.app_driver import AppDriver
from alc_app.labs.background import submit
from alc_app.labs.cleanup import remove_leftovers
from alc_app.labs.clients import AlcClient, AttioClient, Json, LabFailed, has_control_api
from alc_app.labs.drawings import Drawings, following
from alc_app.labs.driver import Driver, Emit, Event, log
from alc_app.labs.naive_driver import NaiveDriver
from alc_app.labs.naive_webhooks import NaiveHooks
from alc_app.labs.scenario import Scenario
from alc_app.labs.scenarios import SCENARIOS
from alc_app.labs.stories import StoryFile, of_the_tutorial, read, tell
from alc_app.labs.story_player import StoryPlayer
from alc_app.labs.what_if import story_of, what_if
from alc_app.pages import Choice, Excerpt, Lab, LabsBusy, NotPossible, Story, StoryUnreadable, WhatIf
from alc_app.pages.source_code import without_links
from alc_app.runtime.http_client import Http
from alc_app.runtime.services import WORKSPACE, Services

ROOT = Path(__file__).parents[2]
NOT_CONNECTED = "Connect Acme Lead Checker first. The app sends through the workspace's connection."
NO_CONTROL_API = "Labs need the control API of {name}. Start it with {command}, as the demo does."
UNREACHABLE = "{name} cannot be reached. Check that it is running."
UNEXPECTED_ERROR = "Something unexpected happened. The log says what."
NOT_JUDGED = "This page cannot check this promise. See the facts below and the live sequence."
POLL_INTERVAL = 0.2
STOP_TIMEOUT = 4.0
"""Seconds that a lab has for its clean-up when the process is told to stop."""
Run = Callable[[Driver], Event]
"""Runs a lab or a story on one side, and returns its outcome."""


class LabRunner:
    """Implements the protocols `Labs` and `Stories` of alc_app.pages."""

    def __init__(self, services: Services, stopping: threading.Event) -> None:
        """Run labs on these services until `stopping` is set."""
        self._services, self._stopping = services, stopping
        self._busy = threading.Lock()
        self.naive_hooks: NaiveHooks = {}
        if services.config.kill_once:
            services.config.kill_once.unlink(missing_ok=True)  # left by a lab whose process was killed

    def all(self) -> Sequence[Lab]:
        """Return the labs in their order."""
        return [
            replace(scenario.lab, number=number, choices=shuffled(scenario.lab))
            for number, scenario in enumerate(SCENARIOS, 1)
        ]

    def get(self, name: str) -> Lab | None:
        """Return a lab with its excerpts, or None."""
        lab = next((lab for lab in self.all() if lab.name == name), None)
        return replace(lab, sources=_excerpts(_find(name))) if lab else None

    def missing(self) -> str | None:
        """Return what must be done before a lab can run, as a sentence, or None."""
        live = self._services.connections.live(WORKSPACE)
        if live is None or live.status != "active":
            return NOT_CONNECTED
        config = self._services.config
        for name, url, command in (
            ("ALC", config.alc_url, "mock-alc serve --control"),
            ("The CRM", config.attio_origin, "alc-app mock-attio --mock-attio-control"),
        ):
            try:
                if not has_control_api(Http(), url):
                    return NO_CONTROL_API.format(name=name, command=command)
            except FetchError:
                return UNREACHABLE.format(name=name)
        return None

    def decide_now(self, lead_id: str) -> None:
        """Have ALC's agent decide on a lead at once. Raises: NotPossible."""
        try:
            AlcClient(Http(), self._services.config.alc_url).decide(lead_id)
        except (LabFailed, FetchError) as error:
            raise NotPossible(f"ALC did not decide. {error}") from error

    def stories(self) -> Sequence[Story]:
        """Return the stories of the tutorial's code."""
        return of_the_tutorial()

    def run(self, name: str, guess: str) -> Iterator[Event]:
        """Run a lab on both sides at once, and yield its events as they happen. Raises: LabsBusy."""
        scenario = _find(name)
        return self._start(lambda driver: _run_lab(driver, scenario, guess), at_once=True)

    def play(self, file: Any, *, with_naive: bool = True) -> Iterator[Event]:
        """Play a story on one side after the other: they share ALC's clock. Raises: StoryUnreadable, LabsBusy."""
        story = read(file)
        return self._start(lambda driver: _play_story(driver, story), at_once=False, with_naive=with_naive)

    def what_if(self, message_id: int) -> WhatIf | None:
        """Return what can go wrong with a message of the live sequence; None if it is no part of a run to play."""
        messages = self._services.exchanges.after(message_id - 1, limit=1)
        if not messages or messages[0]["id"] != message_id or self.missing():
            return None
        run = self._services.exchanges.after(0, trace_id=messages[0]["trace_id"])
        return what_if(run, messages[0], self._operations())

    def tell(self, reference: str) -> Story:
        """Return the story that the address of a page names. Raises: StoryUnreadable."""
        if missing := self.missing():
            raise StoryUnreadable(missing)
        return tell("", story_of(reference, self._operations()))

    def _operations(self) -> list[Json]:
        """Return what ALC and the CRM can do wrong, as their control APIs list it."""
        config, http = self._services.config, Http()
        alc = AlcClient(http, config.alc_url).list_operations()
        return alc + AttioClient(http, config.attio_origin, config.stand_in_token).list_operations()

    def _start(self, run: Run, *, at_once: bool, with_naive: bool = True) -> Iterator[Event]:
        if not self._busy.acquire(blocking=False):
            raise LabsBusy
        events: queue.Queue[Event | None] = queue.Queue()
        submit(self._run, run, at_once, with_naive, events)
        return self._stream(events)

    def _stream(self, events: queue.Queue[Event | None]) -> Iterator[Event]:
        """Yield events until None comes, or until STOP_TIMEOUT has passed since the process was told to stop."""
        deadline = float("inf")
        while time.monotonic() < deadline:
            try:
                event = events.get(timeout=POLL_INTERVAL)
            except queue.Empty:
                if self._stopping.is_set():
                    deadline = min(deadline, time.monotonic() + STOP_TIMEOUT)
                continue
            if event is None:
                return
            yield event

    def _run(self, run: Run, at_once: bool, with_naive: bool, events: queue.Queue[Event | None]) -> None:
        """Run both sides and clean up, whether or not the events are still read. End the stream with None."""
        drawings = Drawings(events.put)
        try:
            remove_leftovers(self._services, self._stopping)
            context = (self._services, events.put, self._stopping)
            naive = [NaiveDriver(*context, self.naive_hooks, drawings)] if with_naive else []
            drivers: list[Driver] = [*naive, AppDriver(*context)]
            begun = [submit(_run_side, driver, run, events.put, drawings) for driver in drivers] if at_once else []
            for side in begun or (submit(_run_side, driver, run, events.put, drawings) for driver in drivers):
                side.result()
            if with_naive:
                events.put(drawings.differences())
        except Exception:
            log.exception("A lab ended with an unexpected error.")
            events.put({"event": "failed", "side": None, "text": UNEXPECTED_ERROR})
        finally:
            self._busy.release()
            events.put({"event": "done"})
            events.put(None)


def _run_side(driver: Driver, run: Run, emit: Emit, drawings: Drawings) -> None:
    """Run one side under a trace of its own, clean up, and emit its outcome at the very end."""
    trace.begin_rehearsal()
    try:
        driver.set_up()
        with following(driver.exchanges, lambda message: drawings.add(driver.name, message)):
            event = run(driver)
    except LabFailed as failed:
        event = {"event": "failed", "text": str(failed)}
    except Exception:
        log.exception("One side of a lab ended with an unexpected error.")
        event = {"event": "failed", "text": UNEXPECTED_ERROR}
    drawings.end(driver.name)
    driver.clean_up()
    emit({**event, "side": driver.name})


def _run_lab(driver: Driver, scenario: Scenario, guess: str) -> Event:
    outcome = scenario.run(driver)
    choice = next(choice for choice in scenario.lab.choices if choice.id == outcome)
    return {"event": "outcome", "text": choice.text, "good": choice.good, "guessed": choice.id == guess}


def _play_story(driver: Driver, story: StoryFile) -> Event:
    broken = StoryPlayer(driver, story).play()
    if broken is None:
        return {"event": "failed", "text": NOT_JUDGED}
    if not story.promise:
        text = f"A promise is broken. {broken[0]}" if broken else "Every promise was kept."
        return {"event": "outcome", "text": text, "good": not broken}
    return {"event": "outcome", "text": f"{'Broken' if broken else 'Kept'}: {story.promised}", "good": not broken}


def shuffled(lab: Lab) -> Sequence[Choice]:
    """Return the choices of a lab in an order of its own, so that their place tells nothing."""
    return random.Random(lab.name).sample(lab.choices, len(lab.choices))  # noqa: S311 - no secret


def _find(name: str) -> Scenario:
    return next(scenario for scenario in SCENARIOS if scenario.lab.name == name)


def _excerpts(scenario: Scenario) -> dict[Any, list[Excerpt]]:
    return {
        "naive": [_excerpt(function) for function in scenario.naive],
        "ours": [_excerpt(function) for function in scenario.ours],
    }


def _excerpt(function: Any) -> Excerpt:
    """Return the source of a function, with its file and first line."""
    function = inspect.unwrap(getattr(function, "run", function))
    lines, first = inspect.getsourcelines(function)
    file = Path(inspect.getsourcefile(function) or "").relative_to(ROOT)
    return Excerpt(file.as_posix(), first, without_links(textwrap.dedent("".join(lines))).rstrip())
