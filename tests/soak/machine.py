"""Many days in which anything may happen (tests/support/chaos/machine.py), in one thread and in virtual time.

What breaks a promise is cut down to the few steps that it takes.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.support.chaos.machine import Machine
from tests.support.chaos.world import world

STEPS = 30


@dataclass
class Report:
    """How it went. All is well when nothing is `wrong`."""

    examples: int
    seed: int
    seen: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    """What broke, and the shortest way to break it."""


def run(examples: int, seed: int | None, home: Path, told: Callable[[], object] = lambda: None) -> Report:
    """Play so many days in `home`; the same seed plays the same ones, and None is a new one."""
    report = Report(examples, random.randrange(2**32) if seed is None else seed)  # noqa: S311 - no secret
    seen, started = Counter[str](), time.monotonic()
    with world(home) as it, _quiet():

        @seeded(report.seed)
        def machine() -> Machine:
            told()
            return Machine(it, seen)

        try:
            run_state_machine_as_test(machine, settings=_settings(examples))
        except Exception as error:
            report.wrong = [repr(error), *getattr(error, "__notes__", [])]
    report.seen, report.seconds = dict(seen), time.monotonic() - started
    return report


def _settings(examples: int) -> settings:
    """Nothing is remembered from run to run: what a run finds depends on its seed alone."""
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """What goes wrong here is meant to: no log."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
