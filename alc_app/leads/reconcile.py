"""Ask ALC for verdicts that no webhook has delivered. Later 10-11 for deliveries that never came.

`check_verdict` asks about one lead whose verdict is late. `reconcile_leads` asks about many, page by page: every hour
about the new ones and those that wait; about all leads every day, when a user presses the button on the install page,
by `alc-app catch-up`, and after a subscription was lost.

TUTORIAL: it has no such file. A webhook that is lost, disabled at ALC or sent while nobody was connected leaves the
record Pending for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, update
from sqlmodel import Field, col, func, select

from alc_app.attio import AttioError, AttioNoWorkspaceConnectionError
from alc_app.attio.host.context import current, step
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcAnswerLost, AlcError
from alc_app.leads import verdicts
from alc_app.leads.models import Lead, Table, in_this_workspace, is_any_lead
from alc_app.leads.record_sync import sync_record, write_claimed

INTERVAL = 3600.0
"""Seconds between two reconciliations."""
DAY = 86_400.0
"""Seconds. The first reconciliation of each day is of all leads."""
CLOCK_TOLERANCE = 3600.0
"""Seconds by which our clock and ALC's may differ."""
RETRY_AFTER = 60.0
"""Seconds after which a reconciliation that failed is tried again."""


class Reconciliation(Table, table=True):
    """The state of the reconciliation; one row for the workspace."""

    workspace_id: str = Field(primary_key=True)
    due_at: float = 0.0
    since: float = 0.0
    """When the last reconciliation that finished had started; 0 if verdicts may have been lost since."""
    done_at: float | None = None
    news: int = 0
    """How many verdicts the last one found that we did not have."""
    why: str | None = None
    """Why the last one failed."""


_KNOWN = select(col(Reconciliation.due_at)).where(col(Reconciliation.workspace_id) == bindparam("workspace_id"))


@dataclass(frozen=True)
class Started:
    """A reconciliation that started `at` a time, and reads the leads that were created after `back_to`."""

    at: float
    back_to: float


def check_verdict(lead_id: str) -> None:
    """Ask ALC about a lead whose verdict is late. If ALC cannot say it now, it is asked again later."""
    alc_lead_id = verdicts.next_verdict_check(lead_id)
    if alc_lead_id is None:
        return
    try:
        verdict = alc_api.find_verdict(get_workspace_connection(), alc_lead_id)
    except (AlcError, AttioError):
        return
    if verdict:
        write_claimed(verdicts.apply_verdict(verdict))


def reconcile_leads(workspace_id: str) -> None:
    """Ask ALC for the verdicts on all leads since the last time. If that fails, it is tried again later.

    Each page is a step, so that a run continues after a crash at the page where it was.
    """
    del workspace_id  # an installation serves one workspace
    start = start_reconciliation()
    try:
        news = _apply_all_verdicts(start.back_to)
    except AttioNoWorkspaceConnectionError:
        reconcile_soon(RETRY_AFTER)
    except (AlcError, AttioError) as error:
        _set(due_at=current().now() + RETRY_AFTER, why=error.message)
    else:
        _finish(start, news)


def _apply_all_verdicts(back_to: float) -> int:
    connection, cursor, count = get_workspace_connection(), None, 0
    seen: set[str] = set()
    while True:
        page = alc_api.list_verdicts(connection, cursor)
        changed = verdicts.apply_verdicts(page.verdicts)
        for record_id in changed:
            sync_record(record_id)
        count, cursor = count + len(changed), page.next_cursor
        if cursor is None or (page.oldest and page.oldest.timestamp() < back_to):
            return count
        if cursor in seen:  # a server that does not know the parameter would be asked for ever
            raise AlcAnswerLost("ALC returned the same page of leads again.")
        seen.add(cursor)


def reconcile_soon(after: float = 0.0) -> None:
    """Have all leads asked about in so many seconds, because verdicts may have been lost.

    ALC may have changed the verdict on a lead that has ended, too. It is asked by the page, so ten thousand leads are a
    hundred calls. Not a step: doing it twice changes nothing.
    """
    _set(due_at=current().now() + after, since=0.0)


def due_to_reconcile() -> Sequence[str]:
    """Return the workspace if its reconciliation is due. The first is due an interval after the first lead."""
    now, workspace_id = current().now(), current().settings.workspace_id
    known = current().read(_KNOWN, {"workspace_id": workspace_id})
    is_due = known[0].due_at <= now if known else is_any_lead(col(Lead.created_at) < now - INTERVAL)
    return [workspace_id] if is_due else []


@step
def start_reconciliation() -> Started:
    """Start: back to the oldest pending lead, and at least to where the last reconciliation started.

    Once a day, and if verdicts may have been lost, it goes back to the oldest lead of all: ALC may have changed a
    verdict, and its delivery may have been lost.
    """
    now, row = current().now(), last_reconciliation()
    leads = select(func.min(Lead.created_at)).where(in_this_workspace())
    if row is None or row.since // DAY == now // DAY:
        leads = leads.where(col(Lead.status) == "pending")
    with current().reading() as session:
        oldest = session.exec(leads).one()
    _set(due_at=now + INTERVAL)
    return Started(now, min(oldest or now, (row and row.since) or now) - CLOCK_TOLERANCE)


def _finish(start: Started, news: int) -> None:
    """Note the result. If verdicts may have been lost meanwhile, another reconciliation is due, of all leads again."""
    nobody_asked = col(Reconciliation.due_at) == start.at + INTERVAL
    done = (
        update(Reconciliation)
        .where(col(Reconciliation.workspace_id) == current().settings.workspace_id)
        .values(done_at=current().now(), news=news, why=None)
        .values(since=case((nobody_asked, start.at), else_=col(Reconciliation.since)))
    )
    with current().transaction() as session:
        session.exec(done)


def last_reconciliation() -> Reconciliation | None:
    """Return the state of the reconciliation; None before the first one."""
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
