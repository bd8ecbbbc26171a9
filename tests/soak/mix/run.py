"""Run the operations by several threads, wait until nothing is due, and check the invariants from outside."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import requests

from tests.soak.mix import logs
from tests.soak.mix.crm_gate import CrmGate
from tests.soak.mix.evidence import Evidence, gather
from tests.soak.mix.hand import Hand, World
from tests.soak.mix.invariants import JUST_MERGED, Wrong, violations
from tests.soak.mix.operations import OPERATIONS, Operation, perform
from tests.soak.mix.quiet import Quiet
from tests.soak.mix.story import story
from tests.soak.mix.verdict_operations import POSTDATED
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

PEOPLE = 24
PATIENCE = 180.0
"""Seconds for what is due to be done, and for a late answer to be too late."""
DAYS = 5
"""How often time is made to pass, while something is wrong that the app may mend by itself."""
DAY = 86_400.0
WANTED = {"lead.processed": 1, "prospect.updated": 1}


@dataclass
class Report:
    """What was measured. The run has passed if `wrong` is empty."""

    seed: int
    operations: int = 0
    seconds: float = 0.0
    healing: float = 0.0
    """Seconds from the last operation until everything was right, or nothing was due any more."""
    days: int = 0
    """How often time had to pass until then."""
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    """How often each operation was done, by what came of it."""
    leads: int = 0
    merges: int = 0
    writes: int = 0
    logged: dict[str, int] = field(default_factory=dict)
    due_later: list[str] = field(default_factory=list)
    """What is due after the end of this run, within a day."""
    wrong: list[dict[str, object]] = field(default_factory=list)
    """The rule, what is wrong, and the story of its records."""
    noted: list[dict[str, object]] = field(default_factory=list)
    """The same, of what cannot be helped."""


def run(
    operations: int,
    threads: int,
    seed: int,
    home: Path,
    database_url: str = "",
    *,
    without: Collection[str] = (),
    patience: float = PATIENCE,
    on_progress: Callable[[], object] = lambda: None,
) -> Report:
    """Run with real processes in `home`, `without` the operations of these kinds."""
    stack = Stack(home, ALC_APP_DATABASE_URL=database_url)
    gate = CrmGate(stack.attio_url)
    stack.attio.arguments += ["--mock-attio-reads-per-second", "0", "--mock-attio-writes-per-second", "0"]
    workers = [stack.worker, stack.server("worker-1", "", "alc_app", "worker")]
    stack.servers.append(workers[1])
    for server in (stack.web, *workers):
        server.environment["ATTIO_URL"] = gate.url
    try:
        with stack:
            chosen = [each for each in OPERATIONS if each.kind not in without]
            return _run(World(stack, gate, workers), Report(seed, operations), threads, chosen, patience, on_progress)
    finally:
        gate.close()


def _run(
    world: World,
    report: Report,
    threads: int,
    chosen: Sequence[Operation],
    patience: float,
    on_progress: Callable[[], object],
) -> Report:
    world.pages.connect_alc()
    eventually(world.attio.webhooks)
    for _ in range(PEOPLE):
        world.add_person()
    began = time.monotonic()
    _operate(world, report, threads, chosen, on_progress)
    report.seconds = time.monotonic() - began
    _heal(world)
    seen, wrong = _settle(world, report, patience)
    report.healing = time.monotonic() - began - report.seconds
    wrong += [Wrong("4 webhooks", text) for text in (*_webhooks(world), *_after_disconnect(world))]
    ours = [server for server in world.stack.servers if server.name not in ("mock_alc", "attio")]
    report.logged, never = logs.count(ours)
    wrong += [Wrong("5 logs", f"{times}x {what}") for what, times in never.items()]
    _fill(report, seen, wrong)
    return report


def _operate(
    world: World, report: Report, threads: int, chosen: Sequence[Operation], on_progress: Callable[[], object]
) -> None:
    numbers = itertools.count()

    def work(thread: int) -> None:
        random = Random(f"{report.seed} {thread}")  # noqa: S311 - repeatable, not secret
        hand = Hand(world, random)
        while next(numbers) < report.operations:
            perform(random.choices(chosen, [each.weight for each in chosen])[0], hand)
            if len(world.journal.people()) < PEOPLE:
                world.add_person()
            on_progress()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))


def _heal(world: World) -> None:
    """End every fault, and connect."""
    world.gate.heal()
    world.postdated = {run["lead_id"] for run in world.alc.scenario_runs() if run["name"] in POSTDATED}
    world.alc.clear_faults()
    if not world.pages.is_connected():
        eventually(lambda: world.pages.connect_alc().ok, within=90)


def _settle(world: World, report: Report, patience: float) -> tuple[Evidence, list[Wrong]]:
    """Wait until nothing is due now. If something is wrong then, let time pass: it may be tried again later."""
    quiet = Quiet(world.stack, world.alc)
    while True:
        left = _wait_until(quiet, patience)
        seen = gather(world)
        wrong = violations(seen) + [Wrong("6 processed", f"never done: {what}") for what in left]
        report.due_later = quiet.due_until(time.time() + DAY)
        if not report.due_later or report.days == DAYS or all(one.rule == JUST_MERGED for one in wrong):
            return seen, wrong
        report.days += 1
        quiet.let_time_pass()


def _wait_until(quiet: Quiet, patience: float) -> list[str]:
    """Wait until nothing is due for a second, in which one job may make another due. Return what is left."""
    deadline = time.monotonic() + patience
    while True:
        with suppress(AssertionError):
            eventually(lambda: not quiet.busy_with(), within=deadline - time.monotonic())
        threading.Event().wait(1.0)
        if not (left := quiet.busy_with()) or time.monotonic() > deadline:
            return left


def _webhooks(world: World) -> Iterator[str]:
    """Compare ALC's webhooks with those that are wanted, and ask each address whether it is in use."""
    found = world.alc.webhooks()
    if (events := dict(Counter(webhook["event"] for webhook in found))) != WANTED:
        yield f"ALC has {events}, not {WANTED}"
    for webhook in found:
        status = requests.post(webhook["url"], json={}, timeout=30).status_code
        if status != 401:
            yield f"the address of {webhook['event']} answers {status} to a forged delivery, not 401"
    if len(world.attio.webhooks()) != 1:
        yield f"Attio has {len(world.attio.webhooks())} webhooks, not 1"


def _after_disconnect(world: World) -> Iterator[str]:
    """Disconnect, and return what is left at ALC and Attio."""
    world.pages.disconnect_alc()
    for name, webhooks in (("ALC", world.alc.webhooks), ("Attio", world.attio.webhooks)):
        try:
            eventually(lambda: not webhooks())  # noqa: B023 - called before the next turn
        except AssertionError:
            yield f"{name} has {len(webhooks())} webhooks after the disconnect"


def _fill(report: Report, seen: Evidence, wrong: Sequence[Wrong]) -> None:
    kinds: dict[str, Counter[str]] = {}
    for entry in seen.entries:
        kinds.setdefault(entry.kind, Counter())[entry.outcome] += 1
    report.kinds = {kind: dict(outcomes.most_common()) for kind, outcomes in sorted(kinds.items())}
    report.leads, report.merges, report.writes = len(seen.leads), len(seen.family.made_at), len(seen.writes)
    for one in wrong:
        found = report.noted if one.rule == JUST_MERGED else report.wrong
        found.append({"rule": one.rule, "text": one.text, "story": story(one, seen)})
