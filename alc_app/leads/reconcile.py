"""Asks ALC for verdicts that no webhook has brought. Later 10-11 for deliveries that never came.

`check_verdict` asks about one lead whose verdict is late. `reconcile_leads` asks about all leads, page by page: every
hour, when a person presses the button on the install page, by `alc-app catch-up`, and after a subscription was lost.

TUTORIAL: it has no such file. A webhook that is lost, disabled at ALC or sent while nobody was connected leaves the
record Pending for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Field, col, func, select

from alc_app.attio import AttioError, AttioNoWorkspaceConnectionError
from alc_app.attio.host.context import current, step
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcError
from alc_app.leads import transitions
from alc_app.leads.models import Lead, Table
from alc_app.leads.record_sync import sync_record

EVERY = 3600.0
"""Seconds between two sweeps."""
SLACK = 3600.0
"""Seconds by which our clock and ALC's may differ."""
SOONER = 60.0
"""Seconds until one that failed is tried again."""


class Reconciliation(Table, table=True):
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
class Started:
    """A sweep that has begun: it goes back to leads that were made at `back_to`."""

    at: float
    back_to: float


def check_verdict(lead_id: str) -> None:
    """Ask ALC about a lead whose verdict has not come; what cannot be known now is asked again later."""
    alc_lead_id = transitions.next_verdict_check(lead_id)
    if alc_lead_id is None:
        return
    try:
        verdict = alc_api.find_verdict(get_workspace_connection(), alc_lead_id)
    except (AlcError, AttioError):
        return
    if verdict and transitions.apply_verdict(verdict):
        sync_record(lead_id)


def reconcile_leads(workspace_id: str) -> None:
    """Ask ALC for every lead since the last sweep; what cannot be known now is asked again later.

    Each page is a step, so a crash goes on at the page where it was.
    """
    del workspace_id  # one installation serves one
    begun = start_reconciliation()
    try:
        finish_reconciliation(begun.at, _apply_all_verdicts(begun.back_to))
    except AttioNoWorkspaceConnectionError:
        return  # whoever connects has all of it asked for
    except (AlcError, AttioError) as error:
        fail_reconciliation(error.message)


def _apply_all_verdicts(back_to: float) -> int:
    connection, cursor, told = get_workspace_connection(), None, 0
    while True:
        page = alc_api.list_verdicts(connection, cursor)
        for lead_id in (news := transitions.apply_verdicts(page.verdicts)):
            sync_record(lead_id)
        told, cursor = told + len(news), page.next_cursor
        if cursor is None or (page.oldest and page.oldest.timestamp() < back_to):
            return told


def reconcile_soon() -> None:
    """Have ALC asked at once. Not a step, as the two below: doing it twice is doing it once."""
    _set(due_at=current().now())


def due_to_reconcile() -> Sequence[str]:
    """The workspace, when its time has come; for the first time, when there is a lead of so long ago."""
    row, workspace_id = last_reconciliation(), current().settings.workspace_id
    if row is None:
        old = (Lead.workspace_id == workspace_id, col(Lead.created_at) < current().now() - EVERY)
        with current().reading() as session:
            return [workspace_id] if session.exec(select(Lead.id).where(*old).limit(1)).first() else []
    return [workspace_id] if row.due_at <= current().now() else []


@step
def start_reconciliation() -> Started:
    """Begin a sweep: back to the oldest lead that we wait for, and at least to where the last one began, if any."""
    now, row = current().now(), last_reconciliation()
    pending = select(func.min(Lead.created_at)).where(
        Lead.workspace_id == current().settings.workspace_id, col(Lead.status) == "pending"
    )
    with current().reading() as session:
        oldest = session.exec(pending).one()
    _set(due_at=now + EVERY)
    return Started(now, min(oldest or now, (row and row.since) or now) - SLACK)


def finish_reconciliation(begun_at: float, told: int) -> None:
    """It has seen every lead that it had to."""
    _set(since=begun_at, done_at=current().now(), told=told, why=None)


def fail_reconciliation(why: str) -> None:
    """It could not be brought to its end, and is tried again before long."""
    _set(due_at=current().now() + SOONER, why=why)


def last_reconciliation() -> Reconciliation | None:
    """The last sweep."""
    with current().reading() as session:
        found: Reconciliation | None = session.get(Reconciliation, current().settings.workspace_id)
        return found


def _set(**values: object) -> None:
    with current().transaction() as session:
        workspace_id = current().settings.workspace_id
        row = session.get(Reconciliation, workspace_id) or Reconciliation(workspace_id=workspace_id)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
