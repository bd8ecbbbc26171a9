"""An engine that runs nothing by itself: it remembers what it was asked for, answers what a test has put there, and
a step is simply run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alc_app.attio.host.runs import FinishedStep
from alc_app.runtime.engine import QUEUE_OF, Run

OK: dict[str, Any] = {"ok": None}


class FakeEngine:
    """Stands where `Services.engine` stands, and the executor of a worker.

    Asking for the same run twice is asking once, as with the real one.
    """

    url = "sqlite://"

    def __init__(self) -> None:
        self.runs: dict[str, tuple[str, tuple[Any, ...], str]] = {}
        """By run id or by what it is the only one of: workflow, arguments, queue."""
        self.asked = 0
        self.answer: dict[str, Any] | Exception = OK
        self.taken_over: list[str] = []
        self.forgotten_before = 0.0
        self.kept: list[Run] = []
        """Runs that the engine still has, in whatever state."""
        self.done: dict[str, list[FinishedStep]] = {}
        self.under_way: set[str] = set()
        self.in_this_process: set[str] = set()
        """Runs of this worker that the engine does not know of."""
        self.put_back: list[str] = []

    def enqueue(
        self, workflow: str, *args: Any, queue: str, run_id: str | None = None, deduplication_id: str | None = None
    ) -> str:
        self.asked += 1
        name = run_id or deduplication_id or f"run-{self.asked}"
        self.runs.setdefault(name, (workflow, args, queue))
        return name

    def start(self, workflow: str, *args: Any, run_id: str) -> None:
        """As the executor of a worker does."""
        self.enqueue(workflow, *args, queue=QUEUE_OF[workflow], run_id=run_id)

    def start_without_engine(
        self, workflow: str, run_id: str, work: Callable[[], object], durably: Callable[[], object]
    ) -> None:
        """As the executor of a worker does, of work that comes to a durable step at once."""
        del run_id, work
        assert workflow in QUEUE_OF
        durably()

    def is_running(self, run_id: str) -> bool:
        return run_id in self.in_this_process

    def free(self, workflow: str) -> int:
        return 64 if workflow else 0

    def wait_for_outcome(self, run_id: str, *, within: float) -> dict[str, Any]:
        assert run_id in self.runs
        assert within > 0
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def steps(self, run_id: str) -> list[FinishedStep]:
        return self.done.get(run_id, [])

    def has_ended(self, run_id: str) -> bool:
        return run_id not in self.under_way

    def runs_in_state(self, status: str, *, before: float | None = None) -> list[Run]:
        return [run for run in self.kept if run.status == status and (before is None or run.enqueued_at < before)]

    def resume(self, run_id: str) -> None:
        self.put_back.append(run_id)
        self.delete(run_id)

    def delete(self, run_id: str) -> None:
        self.kept = [run for run in self.kept if run.id != run_id]

    def run_id(self) -> str:
        return "run"

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        del name
        return work()

    def requeue_runs_of(self, executor_ids: Sequence[str]) -> None:
        self.taken_over += executor_ids

    def is_up(self) -> bool:
        return not isinstance(self.answer, Exception)

    def count_unfinished(self) -> Mapping[tuple[str, ...], float]:
        return Counter((queue, "waiting") for _, _, queue in self.runs.values())

    def delete_ended(self, before: float, limit: int) -> int:
        assert limit > 0
        self.forgotten_before = before
        return 0

    def close(self) -> None:
        """There is nothing to give back."""
