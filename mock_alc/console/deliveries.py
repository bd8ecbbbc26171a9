"""The pages of deliveries: a list, one delivery with its attempts, and a button to send it again."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import tuple_
from sqlmodel import Session, col, select
from werkzeug.exceptions import NotFound

from mock_alc.console.pages import SHOWN, current_account_id, login_required, pages, words
from mock_alc.services import alc
from mock_alc.webhooks.outbox import STATES, Attempt, Delivery, attempts_of, resend
from mock_alc.webhooks.registrations import Webhook
from mock_alc.webhooks.sent_copy import SentCopy


@pages.get("/deliveries")
@login_required
def deliveries() -> ResponseReturnValue:
    """List the deliveries, newest first, a page at a time; filters are `state` and `webhook`."""
    state, webhook_id = request.args.get("state"), request.args.get("webhook")
    before = request.args.get("before")
    with alc().database.read() as session:
        found = _listed(session, state, webhook_id, before)
        attempts = attempts_of(session, [delivery.id for delivery in found])
        targets = {
            webhook.id: webhook
            for webhook in session.exec(select(Webhook).where(Webhook.account_id == current_account_id()))
        }
    return render_template(
        "deliveries.html",
        deliveries=found[:SHOWN], attempts=attempts, targets=targets, verdict=verdict, states=STATES, state=state,
        webhook_id=webhook_id, older=found[SHOWN - 1].id if len(found) > SHOWN else None,
        filtered=bool(state or webhook_id or before),
    )  # fmt: skip


@pages.get("/deliveries/<delivery_id>")
@login_required
def delivery(delivery_id: str) -> ResponseReturnValue:
    """Show one delivery, and for each attempt exactly what was sent."""
    with alc().database.read() as session:
        found = _my_delivery(session, delivery_id)
        attempts = attempts_of(session, [found.id])[found.id]
        target = session.get_one(Webhook, found.webhook_id)
    sent_copies = {attempt.number: SentCopy.read(attempt.sent_copy) for attempt in attempts if attempt.sent_copy}
    return render_template(
        "delivery.html", delivery=found, attempts=attempts, sent_copies=sent_copies, target=target, verdict=verdict
    )


@pages.post("/deliveries/<delivery_id>/resend")
@login_required
def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a delivery again, under the same id (W8)."""
    with alc().database.write() as session:
        if not resend(session, _my_delivery(session, delivery_id), alc().now()):
            flash("This delivery was not sent again, because its webhook is no longer active.")
    alc().worker.wake()
    return redirect(url_for("console.delivery", delivery_id=delivery_id), 303)


def verdict(attempt: Attempt) -> str:
    """Describe in a word or two how an attempt ended."""
    if attempt.status is not None:
        return f"HTTP {attempt.status}"
    return words(attempt.error) or "in progress"


def _listed(session: Session, state: str | None, webhook_id: str | None, before: str | None) -> list[Delivery]:
    mine = select(Delivery).where(Delivery.account_id == current_account_id())
    if state:
        mine = mine.where(Delivery.state == state)
    if webhook_id:
        mine = mine.where(Delivery.webhook_id == webhook_id)
    if before:
        last = _my_delivery(session, before)
        mine = mine.where(tuple_(col(Delivery.created_at), col(Delivery.id)) < tuple_(last.created_at, last.id))
    return list(session.exec(mine.order_by(col(Delivery.created_at).desc(), col(Delivery.id).desc()).limit(SHOWN + 1)))


def _my_delivery(session: Session, delivery_id: str) -> Delivery:
    found = session.get(Delivery, delivery_id)
    if found is None or found.account_id != current_account_id():
        raise NotFound("There is no such delivery in this account.")
    return found
