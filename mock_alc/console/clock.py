"""The page of the clock: the time of the mock, what is due next, and buttons to advance the time."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select

from mock_alc.console.pages import backstage, current_account_id, login_required
from mock_alc.leads.leads import PROCESSING, Lead
from mock_alc.services import alc
from mock_alc.webhooks.outbox import Delivery

LEAPS = {
    "minute": ("1 minute", 60.0),
    "hour": ("1 hour", 3_600.0),
    "day": ("1 day", 86_400.0),
    "month": ("30 days", 2_592_000.0),
}
MOST_EVENTS = 12
YEARS = range(2000, 3000)


@dataclass(frozen=True)
class UpcomingEvent:
    """Something that is due at `at` by the clock of the mock."""

    at: datetime
    what: str
    link: str


@backstage.get("/clock")
@login_required
def clock() -> ResponseReturnValue:
    """Show the time and what is due next."""
    with alc().database.read() as session:
        due = _upcoming_events(session)
    return render_template("clock.html", due=due, leaps=LEAPS, real=alc().clock.real())


@backstage.post("/clock")
@login_required
def move_clock() -> ResponseReturnValue:
    """Advance the clock by a span, to an instant or until idle; or return to the real time."""
    leap = request.form.get("leap", "")
    if leap in LEAPS:
        alc().time.advance(LEAPS[leap][1])
    elif leap == "idle":
        alc().time.run_until_idle()
    elif leap == "real":
        alc().time.return_to_real()
    elif instant := _instant(request.form.get("instant", "")):
        alc().time.go_to(instant)
    else:
        flash("Write a date and a time of this millennium.")
    return redirect(url_for("backstage.clock"), 303)


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
    return instant if instant.year in YEARS else None


def _upcoming_events(session: Session) -> list[UpcomingEvent]:
    """Return what the agent and the outbox will do next, the soonest first."""
    undecided = select(Lead).where(Lead.account_id == current_account_id(), Lead.status == PROCESSING)
    waiting = select(Delivery).where(Delivery.account_id == current_account_id(), Delivery.state == "pending")
    leads = session.exec(undecided.order_by(col(Lead.decide_at)).limit(MOST_EVENTS))
    deliveries = session.exec(waiting.order_by(col(Delivery.due_at)).limit(MOST_EVENTS))
    due = [
        UpcomingEvent(lead.decide_at, f"The agent decides on {lead.name}", url_for("console.lead", lead_id=lead.id))
        for lead in leads
    ]
    due += [
        UpcomingEvent(
            delivery.due_at,
            f"Attempt {delivery.attempts_made + 1} for {delivery.event}",
            url_for("console.delivery", delivery_id=delivery.id),
        )
        for delivery in deliveries
    ]
    return sorted(due, key=lambda one: one.at)[:MOST_EVENTS]
