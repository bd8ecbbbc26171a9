"""The operations, and how often each of them is chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from tests.soak.mix import people_operations, trouble, verdict_operations
from tests.soak.mix.hand import Done, Hand
from tests.soak.mix.journal import Entry


@dataclass(frozen=True)
class Operation:
    """One operation."""

    work: Callable[[Hand], Done]
    weight: int

    @property
    def kind(self) -> str:
        """Its name in the report."""
        return self.work.__name__.replace("_", " ")


OPERATIONS: tuple[Operation, ...] = (
    Operation(people_operations.click, 30),
    Operation(people_operations.request, 8),
    Operation(people_operations.bulk, 5),
    Operation(people_operations.workflow, 4),
    Operation(people_operations.merge, 6),
    Operation(people_operations.merge_again, 3),
    Operation(people_operations.click_and_merge, 4),
    Operation(people_operations.delete, 2),
    Operation(verdict_operations.decide, 18),
    Operation(verdict_operations.resend, 3),
    Operation(verdict_operations.odd_verdict, 3),
    Operation(verdict_operations.verdict_at_once, 3),
    Operation(trouble.alc_refuses, 3),
    Operation(trouble.alc_loses_answers, 3),
    Operation(trouble.attio_forbids, 2),
    Operation(trouble.attio_is_busy, 2),
    Operation(trouble.attio_denies_a_record, 1),
    Operation(trouble.attio_loses_answers, 1),
    Operation(trouble.reconnect, 1),
    Operation(trouble.kill, 1),
    Operation(trouble.doctor, 1),
    Operation(trouble.replay, 1),
)


def perform(operation: Operation, hand: Hand) -> None:
    """Perform one operation, and note what came of it."""
    began = time.time()
    try:
        done = operation.work(hand)
    except requests.RequestException as error:
        done = Done(f"no answer: {type(error).__name__}")
    except AssertionError as error:  # Attio or ALC has refused: another thread was faster
        done = Done(f"refused: {str(error).splitlines()[0][:160]}")
    hand.journal.note(Entry(began, time.time(), operation.kind, done.outcome, done.records, done.sends))
