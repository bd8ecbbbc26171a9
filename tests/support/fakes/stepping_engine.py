"""An engine that runs workflows, one at a time and when it is told to, and survives a crash (crashes.py) in them.

It keeps what DBOS keeps: a run for each id, its state, the outcomes of its steps. After a crash a run stays lost, while
others go on, until `restart()` takes it up from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from alc_app.attio.host.errors import SerializableError, ServerFunctionError, ServerFunctionTimeout
from alc_app.runtime import engine
from tests.support.chaos.crashes import Crash
from tests.support.fakes.run_memory import RunMemory

ONE_AT_A_TIME = "lifecycle"


@dataclass
class Run:
    """One durable run: asked for → under way ⇄ lost → well | failed."""

    id: str
    workflow: str
    args: tuple[Any, ...]
    queue: str
    deduplication_id: str | None = None
    memory: RunMemory = field(default_factory=RunMemory)
    state: str = "asked for"
    result: dict[str, Any] | None = None

    @property
    def is_open(self) -> bool:
        """Has it still to come to an end?"""
        return self.state in ("asked for", "under way", "lost")


class SteppingEngine:
    """Stands where `Services.engine` stands. `perform` carries out a workflow: it is the worker's."""

    def __init__(self, perform: Callable[[str, tuple[Any, ...]], dict[str, Any]]) -> None:
        self._perform = perform
        self.runs: dict[str, Run] = {}
        self.begun = 0
        """How many runs there have been."""
        self.unforeseen: list[str] = []
        """Errors that ended a run, and that no code of ours raises on purpose. The log has them in real life."""
        self._without_engine: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {}
        """Workflow, arguments and work of the runs that the worker has begun without the engine."""
        self._current: Run | None = None

    def enqueue(
        self, workflow: str, *args: Any, queue: str, run_id: str | None = None, deduplication_id: str | None = None
    ) -> str:
        waiting = (
            run.id
            for run in self.runs.values()
            if deduplication_id and run.deduplication_id == deduplication_id and run.is_open
        )
        name = run_id or next(waiting, f"run-{len(self.runs)}")
        if name not in self.runs or self.runs[name].state == "failed":
            self.begun += 1
            self.runs[name] = Run(name, workflow, args, queue, deduplication_id)
        return name

    def start(self, workflow: str, *args: Any, run_id: str) -> None:
        """As the executor of a worker does."""
        self.enqueue(workflow, *args, queue=engine.QUEUE_OF[workflow], run_id=run_id)

    def start_without_engine(
        self, workflow: str, run_id: str, work: Callable[[], object], durably: Callable[[], object]
    ) -> None:
        """As the executor of a worker does."""
        assert workflow in engine.QUEUE_OF
        self.begun += 1
        self._without_engine[run_id] = (work, durably)

    def is_running(self, run_id: str) -> bool:
        return run_id in self._without_engine

    def free(self, _workflow: str) -> int:
        """There is always room."""
        return 64

    def has_ended(self, run_id: str) -> bool:
        return run_id not in self.runs or not self.runs[run_id].is_open

    def wait_for_outcome(self, run_id: str, *, within: float) -> dict[str, Any]:
        """Nobody waits here: the run has its chance now."""
        run = self.runs[run_id]
        self.work(only=run)
        if run.is_open:
            raise ServerFunctionTimeout(f"Still at work after {within:g} seconds.")
        if run.result is None:
            raise ServerFunctionError("Something unexpected happened.")
        return run.result

    def work(self, only: Run | None = None) -> None:
        """Run what was asked for; in the lane of connects and disconnects a lost run holds up those behind it."""
        for run_id in list(self._without_engine) if only is None else ():
            self._go_without_engine(run_id)
        for run in list(self.runs.values()):
            blocked = run.queue == ONE_AT_A_TIME and self._lane() is not run
            if run.state == "asked for" and only in (None, run) and not blocked:
                self._go(run)

    def restart(self) -> None:
        """Take up what was lost."""
        for run in list(self.runs.values()):
            if run.state == "lost":
                run.memory.rewind()
                self._go(run)

    def run_id(self) -> str:
        assert self._current
        return self._current.id

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        if self._current is None:
            raise engine.ReachedDurableStep(name)
        return self._current.memory.step(name, work)

    def runs_in_state(self, status: str, *, before: float | None = None) -> list[engine.Run]:
        """The runs that have failed; here no other run is a dead letter, and none waits for long."""
        del before
        failed = [run for run in self.runs.values() if status == "ERROR" and run.state == "failed"]
        return [engine.Run(run.id, run.workflow, status, 0.0, None) for run in failed]

    def resume(self, run_id: str) -> None:
        """Run a failed one again from its beginning."""
        self.runs[run_id].memory, self.runs[run_id].state = RunMemory(), "asked for"

    def delete(self, run_id: str) -> None:
        """Forget a run."""
        del self.runs[run_id]

    def delete_ended(self, before: float, limit: int) -> int:
        """Nothing is forgotten here."""
        del before, limit
        return 0

    def close(self) -> None:
        """There is nothing to give back."""

    def _lane(self) -> Run | None:
        return next((run for run in self.runs.values() if run.queue == ONE_AT_A_TIME and run.is_open), None)

    def _go_without_engine(self, run_id: str) -> None:
        """Run it until its first durable step, and then as a run of the engine. After a crash nobody knows of it."""
        work, durably = self._without_engine.pop(run_id)
        outer, self._current = self._current, None
        try:
            work()
        except engine.ReachedDurableStep:
            durably()
        except (Crash, SerializableError):
            pass
        except Exception as error:
            self.unforeseen.append(f"{run_id}: {error!r}")
        finally:
            self._current = outer

    def _go(self, run: Run) -> None:
        outer, self._current = self._current, run
        run.state = "under way"
        try:
            run.result = self._perform(run.workflow, run.args)
            run.state = "well"
        except Crash:
            run.state = "lost"
        except SerializableError:  # it is in the inbox, or the user has seen it
            run.state = "failed"
        except Exception as error:
            run.state = "failed"
            self.unforeseen.append(f"{run.id}: {error!r}")
        finally:
            self._current = outer
