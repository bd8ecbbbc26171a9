"""The console at `/`: what a customer of ALC sees of leads, webhooks and deliveries."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select
from werkzeug.exceptions import NotFound

from mock_alc import agent, webhooks
from mock_alc import leads as lead_store
from mock_alc.accounts import Account
from mock_alc.conversations import OUTCOMES
from mock_alc.login import signed_in
from mock_alc.outbox import Attempt, Delivery, attempts_of, cancel_for, resend
from mock_alc.services import alc
from mock_alc.webhooks import Webhook

pages = Blueprint("console", __name__)
SHOWN = 100
P = ParamSpec("P")


@pages.app_template_filter("masked")
def masked(phone_number: str) -> str:
    """Show the two ends of a phone number: enough to recognise, too little to dial (U12)."""
    return f"{phone_number[:3]} ••• {phone_number[-3:]}"


@pages.app_template_filter("words")
def words(code: str | None) -> str:
    """Write a code such as `not_interested` for people."""
    return (code or "").replace("_", " ")


def signed_in_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send strangers to the login page, and back here afterwards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        account = signed_in()
        if account is None:
            here = request.full_path.rstrip("?") if request.method == "GET" else "/"
            return redirect(url_for("login.login", next=here), 303)
        g.account = account
        return view(*args, **kwargs)

    return guarded


@pages.get("/")
@signed_in_only
def leads() -> ResponseReturnValue:
    """List the leads."""
    with alc().database.read() as session:
        found = lead_store.listed(session, _me(), limit=SHOWN)
    return render_template("leads.html", leads=found, live=any(lead.decided_at is None for lead in found))


@pages.get("/leads/<lead_id>")
@signed_in_only
def lead(lead_id: str) -> ResponseReturnValue:
    """Show one lead and its chat."""
    with alc().database.read() as session:
        found = lead_store.find(session, _me(), lead_id)
    if found is None:
        raise NotFound("There is no such lead in this account.")
    return render_template(
        "lead.html",
        lead=found,
        transcript=found.transcript(alc().now()),
        live=found.decided_at is None,
        may_decide=alc().config.control and found.decided_at is None,
        outcomes=OUTCOMES,
    )


@pages.post("/leads/<lead_id>/decide")
@signed_in_only
def decide(lead_id: str) -> ResponseReturnValue:
    """Let the agent decide now; there only while the control door is open."""
    interest = request.form.get("interest", "")
    with alc().database.write() as session:
        found = lead_store.find(session, _me(), lead_id)
        if not alc().config.control or found is None or interest not in OUTCOMES:
            raise NotFound("There is nothing to decide here.")
        agent.decide(session, lead_id, alc().now(), interest=interest)
    alc().worker.wake()
    return redirect(url_for("console.lead", lead_id=lead_id), 303)


@pages.get("/webhooks")
@signed_in_only
def webhook_list() -> ResponseReturnValue:
    """List the webhooks, each with its last delivery."""
    with alc().database.read() as session:
        found = webhooks.listed(session, _me())
        last = {webhook.id: _last_delivery(session, webhook) for webhook in found}
    return render_template("webhooks.html", webhooks=found, last=last, now=alc().now())


@pages.post("/webhooks/<webhook_id>/enable")
@signed_in_only
def enable(webhook_id: str) -> ResponseReturnValue:
    """Turn a disabled webhook on again: only a person does this (W7)."""
    with alc().database.write() as session:
        webhooks.enable(_my_webhook(session, webhook_id))
    return redirect(url_for("console.webhook_list"), 303)


@pages.post("/webhooks/<webhook_id>/delete")
@signed_in_only
def delete(webhook_id: str) -> ResponseReturnValue:
    """Delete a webhook."""
    with alc().database.write() as session:
        _my_webhook(session, webhook_id)
        webhooks.mark_deleted(session, _me(), webhook_id, alc().now())
        cancel_for(session, webhook_id)
    return redirect(url_for("console.webhook_list"), 303)


@pages.get("/deliveries")
@signed_in_only
def deliveries() -> ResponseReturnValue:
    """List the deliveries with their attempts, newest first."""
    mine = select(Delivery).where(Delivery.account_id == _me())
    with alc().database.read() as session:
        found = list(session.exec(mine.order_by(col(Delivery.created_at).desc(), col(Delivery.id)).limit(SHOWN)))
        attempts = attempts_of(session, [delivery.id for delivery in found])
        targets = {webhook.id: webhook for webhook in session.exec(select(Webhook).where(Webhook.account_id == _me()))}
    live = any(delivery.state == "pending" for delivery in found)
    return render_template(
        "deliveries.html",
        deliveries=found, attempts=attempts, targets=targets, live=live, now=alc().now(), verdict=verdict,
    )  # fmt: skip


@pages.post("/deliveries/<delivery_id>/resend")
@signed_in_only
def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a delivery again, under the same id (W8)."""
    with alc().database.write() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None or delivery.account_id != _me():
            raise NotFound("There is no such delivery in this account.")
        if not resend(session, delivery, alc().now()):
            flash("The webhook of this delivery no longer listens, so it was not sent again.")
    alc().worker.wake()
    return redirect(url_for("console.deliveries"), 303)


def verdict(attempt: Attempt) -> str:
    """Say in a word or two how an attempt ended."""
    if attempt.status is not None:
        return f"HTTP {attempt.status}"
    return words(attempt.error) or "under way"


def _me() -> str:
    account: Account = g.account
    return account.id


def _my_webhook(session: Session, webhook_id: str) -> Webhook:
    webhook = webhooks.find(session, _me(), webhook_id)
    if webhook is None:
        raise NotFound("There is no such webhook in this account.")
    return webhook


def _last_delivery(session: Session, webhook: Webhook) -> Any:
    newest = select(Delivery).where(Delivery.webhook_id == webhook.id).order_by(col(Delivery.created_at).desc())
    return session.exec(newest.limit(1)).first()
