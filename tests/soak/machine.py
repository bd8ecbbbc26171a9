"""Run the Hypothesis state machine of tests/support/chaos/machine.py many times, in one thread and virtual time.

Hypothesis shrinks a failure to the fewest steps.
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
    """What was measured. The run has passed if `wrong` is empty."""

    examples: int
    seed: int
    seen: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    """The error, and the shortest sequence of steps that causes it."""


def run(examples: int, seed: int | None, home: Path, on_progress: Callable[[], object] = lambda: None) -> Report:
    """Run so many examples in `home`, and call `on_progress` before each. The seed None takes a new one."""
    report = Report(examples, random.randrange(2**32) if seed is None else seed)  # noqa: S311 - no secret
    seen, started = Counter[str](), time.monotonic()
    with world(home) as it, _quiet():

        @seeded(report.seed)
        def machine() -> Machine:
            on_progress()
            return Machine(it, seen)

        try:
            run_state_machine_as_test(machine, settings=_settings(examples))
        except Exception as error:
            report.wrong = [repr(error), *getattr(error, "__notes__", [])]
    report.seen, report.seconds = dict(seen), time.monotonic() - started
    return report


def _settings(examples: int) -> settings:
    """Return settings without an example database, so that a run depends on its seed alone."""
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
    """Disable logging, because the errors in a run are caused on purpose."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
