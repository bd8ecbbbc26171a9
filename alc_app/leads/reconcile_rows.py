"""The door to our own memory of sweeps: when ALC is asked for all that no webhook has told, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Field, col, func, select

from alc_app.attio.host.context import current, step
from alc_app.leads.models import Lead, Table

EVERY = 3600.0
"""Seconds between two sweeps."""
SLACK = 3600.0
"""Seconds by which our clock and ALC's may differ."""
SOONER = 60.0
"""Seconds until one that failed is tried again."""


class Sweep(Table, table=True):
    """One row for the workspace."""

    workspace_id: str = Field(primary_key=True)
    due_at: float = 0.0
    since: float = 0.0
    """When the last sweep that came to its end had begun."""
    done_at: float | None = None
    told: int = 0
    """How many leads the last one brought news of."""
    why: str | None = None


@dataclass(frozen=True)
class Begun:
    """A sweep that has begun: it goes back to leads that were made at `back_to`."""

    at: float
    back_to: float


def sweep_soon() -> None:
    """Have ALC asked at once. Not a step, as the two below: doing it twice is doing it once."""
    _set(due_at=current().now())


def due_to_sweep() -> Sequence[str]:
    """The workspace, when its time has come; for the first time, when there is a lead of so long ago."""
    row, workspace_id = last(), current().settings.workspace_id
    if row is None:
        old = (Lead.workspace_id == workspace_id, col(Lead.created_at) < current().now() - EVERY)
        with current().reading() as session:
            return [workspace_id] if session.exec(select(Lead.id).where(*old).limit(1)).first() else []
    return [workspace_id] if row.due_at <= current().now() else []


@step
def begin_sweep() -> Begun:
    """Begin a sweep: back to the oldest lead that we wait for, and at least to where the last one began, if any."""
    now, row = current().now(), last()
    pending = select(func.min(Lead.created_at)).where(
        Lead.workspace_id == current().settings.workspace_id, col(Lead.status) == "pending"
    )
    with current().reading() as session:
        oldest = session.exec(pending).one()
    _set(due_at=now + EVERY)
    return Begun(now, min(oldest or now, (row and row.since) or now) - SLACK)


def ended(begun_at: float, told: int) -> None:
    """It has seen every lead that it had to."""
    _set(since=begun_at, done_at=current().now(), told=told, why=None)


def failed(why: str) -> None:
    """It could not be brought to its end, and is tried again before long."""
    _set(due_at=current().now() + SOONER, why=why)


def last() -> Sweep | None:
    """The last sweep."""
    with current().reading() as session:
        found: Sweep | None = session.get(Sweep, current().settings.workspace_id)
        return found


def _set(**values: object) -> None:
    with current().transaction() as session:
        workspace_id = current().settings.workspace_id
        row = session.get(Sweep, workspace_id) or Sweep(workspace_id=workspace_id)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
