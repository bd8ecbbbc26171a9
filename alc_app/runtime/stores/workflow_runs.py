"""Store of workflow runs, with their steps and callbacks.

A worker takes a turn, runs it, and saves the result if the turn is still its own (optimistic locking). A waiting step
holds no turn, so waiting for days costs nothing. Every change is one commit: a crash leaves nothing half done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from alc_app.attio.host import trace
from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.host.workflow_definitions import NoSuchValue, Step, Workflow, resolve
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.event_log import append_event
from alc_app.runtime.stores.workflow_tables import WorkflowCallback, WorkflowRun, WorkflowStep

TURN_TIMEOUT = 600.0
"""Seconds until a turn without a result is taken again. Must exceed the time that any block takes."""
MAX_TRIES = 8
FIRST_RETRY = 5.0
"""Seconds; further retries wait longer."""
UNANSWERED = "No callback came in time."
ALREADY_RUNNING = "The workflow is already running for this person. Dismiss this run, or replay it after the other one."
_DUE_AT = col(WorkflowRun.due_at)
_DUE = select(col(WorkflowRun.id)).where(bindparam("now") >= _DUE_AT).order_by(_DUE_AT).limit(100)
Json = dict[str, Any]


class AlreadyRunning(SerializableError):
    """A user has run the workflow for the same record since."""


class WorkflowRuns:
    """The store of workflow runs."""

    def __init__(self, database: Database, url: str, now: Callable[[], float]) -> None:
        """Store in `database`. `url` is the page of workflows; callback URLs begin with it."""
        self._database, self.url, self._now = database, url, now
        self.callbacks_url = f"{url}/callbacks"

    def start(self, run_id: str, workflow: Workflow, first: str, given: Json, *, by_user: bool = False) -> str:
        """Start a run at the step `first` and return its id. Does nothing if the id exists.

        `by_user` means that a user clicked Run: then join the run that is under way for the record, if there is one.
        """
        now = self._now()
        run = WorkflowRun(
            id=run_id,
            workflow_id=workflow.id,
            version_id=workflow.version_id,
            definition=workflow.model_dump_json(),
            record_id=given.get("record_id"),
            by_user=by_user,
            given=json.dumps(given),
            number=0,
            started_at=now,
            due_at=now,
            traceparent=trace.traceparent(),
        )
        with self._database.transaction() as session:
            while not self._insert(session, run):
                if existing := _run_like(session, run):
                    return existing
            self._begin_step(session, session.get_one(WorkflowRun, run_id), first)
            return run_id

    def _insert(self, session: Session, run: WorkflowRun) -> bool:
        """Insert a run; return False if its id exists, or a user's run for the same record is under way."""
        new = self._database.insert(WorkflowRun).values(run.model_dump()).on_conflict_do_nothing()
        return session.connection().execute(new.returning(col(WorkflowRun.id))).first() is not None

    def post_callback(self, url: str, callback_id: str, body: Mapping[str, Any]) -> None:
        """Deliver a callback to the step waiting at `url`. Ignore URLs that are not ours."""
        ours, _, execution_id = url.rpartition("/")
        run_id, _, number = execution_id.partition(".")
        if ours == self.callbacks_url and number.isdigit():
            self.add_callback(run_id, int(number), callback_id, body)

    def due(self) -> list[str]:
        """Return ids of runs that have something to do now."""
        return [run_id for (run_id,) in self._database.fetch(_DUE, {"now": self._now()})]

    def trace_of(self, run_id: str) -> str | None:
        """Return the `traceparent` that a run was started with."""
        with self._database.reading() as session:
            return session.get_one(WorkflowRun, run_id).traceparent

    def take_turn(self, run_id: str) -> Json | None:
        """Claim the run's next turn and return it as JSON, or None if the run waits or has ended."""
        with self._database.transaction() as session:
            run = session.get_one(WorkflowRun, run_id, with_for_update=True)
            while run.state == "running":
                step = _step_of(session, run)
                callback = _next_callback(session, step) if step.state == "waiting" else None
                if callback is None and (step.due_at or 0) > self._now():
                    run.due_at = step.due_at
                    return None
                if callback or step.state == "running":
                    return self._start_turn(run, step, callback)
                self._end_step(session, run, step, json.loads(step.then or "{}"), UNANSWERED)
            run.due_at = None
            return None

    def save_result(self, run_id: str, turn: Json, result: Json) -> None:
        """Save the result of a turn, unless another turn has been taken since, or it was saved before a crash."""
        with self._database.transaction() as session:
            run = session.get_one(WorkflowRun, run_id, with_for_update=True)
            if (run.turn, run.number) != (turn["turn"], turn["number"]) or run.state != "running":
                return
            step = _step_of(session, run)
            run.due_at = self._now()
            if turn["callback"]:
                session.get_one(WorkflowCallback, (run.id, step.number, turn["callback"]["id"])).state = "done"
            self._apply_result(session, run, step, result)
            self._publish(session, run)

    def add_callback(self, run_id: str, number: int, callback_id: str, body: Mapping[str, Any]) -> None:
        """Store a callback for a step. It is ignored if the step has ended, and once only for the same id."""
        with self._database.transaction() as session:
            run = session.get(WorkflowRun, run_id, with_for_update=True)
            known: WorkflowCallback | None = session.get(WorkflowCallback, (run_id, number, callback_id))
            if run is None or known:
                return
            is_awaited = run.state == "running" and run.number == number
            session.add(
                WorkflowCallback(
                    run_id=run_id,
                    number=number,
                    id=callback_id,
                    body=json.dumps(body),
                    received_at=self._now(),
                    state="new" if is_awaited else "ignored",
                )
            )
            if is_awaited and _step_of(session, run).state == "waiting":
                run.due_at = self._now()

    def retry(self, run_id: str) -> None:
        """Run the last step of a failed run again. Raises: AlreadyRunning."""
        try:
            with self._database.transaction() as session:
                run = session.get_one(WorkflowRun, run_id, with_for_update=True)
                if run.state == "failed":
                    self._restart_step(session, run)
                    session.flush()
        except IntegrityError as error:
            raise AlreadyRunning(ALREADY_RUNNING) from error

    def _restart_step(self, session: Session, run: WorkflowRun) -> None:
        step = _step_of(session, run)
        session.exec(delete(WorkflowCallback).where(*_of_step(step)))  # it may get the same ids again
        run.state, run.why, run.ended_at, run.due_at = "running", None, None, self._now()
        step.state, step.why, step.ended_at, step.due_at, step.tries = "running", None, None, None, 0
        self._publish(session, run)

    def newest(self, limit: int) -> list[tuple[WorkflowRun, list[WorkflowStep]]]:
        """Return the last runs with their steps, newest first."""
        with self._database.reading() as session:
            runs = session.exec(select(WorkflowRun).order_by(col(WorkflowRun.started_at).desc()).limit(limit)).all()
            mine = col(WorkflowStep.run_id).in_([run.id for run in runs])
            steps = session.exec(select(WorkflowStep).where(mine).order_by(col(WorkflowStep.number))).all()
        return [(run, [step for step in steps if step.run_id == run.id]) for run in runs]

    def failed(self) -> list[WorkflowRun]:
        """Return at most 200 failed runs that are not dismissed."""
        with self._database.reading() as session:
            return list(session.exec(select(WorkflowRun).where(WorkflowRun.state == "failed").limit(200)))

    def dismiss(self, run_id: str) -> None:
        """Mark a failed run as dismissed."""
        with self._database.transaction() as session:
            run = session.get_one(WorkflowRun, run_id, with_for_update=True)
            run.state = "dismissed" if run.state == "failed" else run.state

    def delete_ended(self, before: float, limit: int) -> int:
        """Delete at most `limit` runs that ended before `before` and have not failed. Return how many."""
        ended = (col(WorkflowRun.ended_at) < before, WorkflowRun.state != "failed")
        with self._database.transaction() as session:
            ids = session.exec(select(WorkflowRun.id).where(*ended).limit(limit)).all()
            session.exec(delete(WorkflowStep).where(col(WorkflowStep.run_id).in_(ids)))
            session.exec(delete(WorkflowCallback).where(col(WorkflowCallback.run_id).in_(ids)))
            session.exec(delete(WorkflowRun).where(col(WorkflowRun.id).in_(ids)))
        return len(ids)

    def _start_turn(self, run: WorkflowRun, step: WorkflowStep, callback: WorkflowCallback | None) -> Json:
        run.turn, run.due_at = run.turn + 1, self._now() + TURN_TIMEOUT
        step.tries += callback is None
        return {
            "turn": run.turn,
            "number": step.number,
            "started_at": step.started_at,
            "workflow_id": run.workflow_id,
            "version_id": run.version_id,
            "started_by": run.started_by,
            "title": Workflow.model_validate_json(run.definition).title,
            "block_id": step.block_id,
            "config": json.loads(step.config),
            "callback": callback and {"id": callback.id, "body": callback.body},
        }

    def _apply_result(self, session: Session, run: WorkflowRun, step: WorkflowStep, result: Json) -> None:
        kind = result["type"]
        if kind == "outcome":
            self._end_step(session, run, step, result)
        elif kind == "exit":
            step.state, step.ended_at = "done", self._now()
            self._end_run(run, "done")
        elif kind == "defer":
            step.state, step.then, step.why = "waiting", json.dumps(result["then"]), None
            step.due_at = self._now() + result["give_up_after"]
        elif kind == "error" and result["retryable"] and step.tries < MAX_TRIES and step.state == "running":
            step.due_at = self._now() + backoff(step.tries, FIRST_RETRY)
            step.why = result["error_message"]
        elif kind == "error":
            self._fail(run, step, result["error_message"])

    def _end_step(
        self, session: Session, run: WorkflowRun, step: WorkflowStep, outcome: Json, why: str | None = None
    ) -> None:
        definition = Workflow.model_validate_json(run.definition)
        step.state, step.outcome, step.data = "done", outcome["id"], json.dumps(outcome["data"])
        step.ended_at, step.due_at, step.why = self._now(), None, why
        following = definition.steps[step.step_id].then.get(outcome["id"])
        if following:
            session.flush()  # the next step may refer to the data of this one
            self._begin_step(session, run, following)
        else:
            self._end_run(run, "done")
        self._publish(session, run)

    def _begin_step(self, session: Session, run: WorkflowRun, step_id: str) -> None:
        definition = Workflow.model_validate_json(run.definition)
        plan: Step = definition.steps[step_id]
        run.number += 1
        step = WorkflowStep(
            run_id=run.id,
            number=run.number,
            step_id=step_id,
            block_id=plan.block,
            config=json.dumps(plan.config),
            started_at=self._now(),
        )
        try:
            step.config = json.dumps(resolve(plan.config, _variables(session, run)))
        except NoSuchValue as error:
            self._fail(run, step, str(error))
        session.add(step)
        self._publish(session, run)

    def _fail(self, run: WorkflowRun, step: WorkflowStep, why: str) -> None:
        step.state, step.why, step.ended_at, step.due_at = "failed", why, self._now(), None
        self._end_run(run, "failed")
        run.why = why

    def _end_run(self, run: WorkflowRun, state: str) -> None:
        run.state, run.ended_at, run.due_at = state, self._now(), None

    def _publish(self, session: Session, run: WorkflowRun) -> None:
        news = {"run_id": run.id, "record_id": run.record_id, "state": run.state}
        append_event(session, "workflow", news, self._now())
        if run.state == "failed":
            append_event(session, "dead_letter", {"id": f"workflow:{run.id}"}, self._now())


def _run_like(session: Session, run: WorkflowRun) -> str | None:
    """Return the id of the run that an insert of `run` conflicts with; None if it has ended since."""
    mine = and_(col(WorkflowRun.workflow_id) == run.workflow_id, col(WorkflowRun.record_id) == run.record_id)
    running = and_(mine, col(WorkflowRun.state) == "running", col(WorkflowRun.by_user))
    same_id = col(WorkflowRun.id) == run.id
    return session.exec(select(WorkflowRun.id).where(or_(same_id, running) if run.by_user else same_id)).first()


def _step_of(session: Session, run: WorkflowRun) -> WorkflowStep:
    return session.get_one(WorkflowStep, (run.id, run.number))


def _of_step(step: WorkflowStep) -> tuple[ColumnElement[bool], ...]:
    return (col(WorkflowCallback.run_id) == step.run_id, col(WorkflowCallback.number) == step.number)


def _next_callback(session: Session, step: WorkflowStep) -> WorkflowCallback | None:
    waiting = select(WorkflowCallback).where(*_of_step(step), WorkflowCallback.state == "new")
    return session.exec(waiting.order_by(col(WorkflowCallback.received_at)).limit(1)).first()


def _variables(session: Session, run: WorkflowRun) -> Json:
    """Return the values that a step's config may refer to: the `trigger`'s, and each finished step's data by its id."""
    variables: Json = {"trigger": json.loads(run.given)}
    steps = select(WorkflowStep).where(WorkflowStep.run_id == run.id).order_by(col(WorkflowStep.number))
    for step in session.exec(steps):
        variables[step.step_id] = json.loads(step.data)
    return variables
