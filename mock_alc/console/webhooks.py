"""The page of webhooks: lists them with their last deliveries; tests, rotates, enables and deletes them."""

from datetime import timedelta

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select
from werkzeug.exceptions import NotFound

from mock_alc.console.pages import current_account_id, login_required, pages
from mock_alc.services import alc
from mock_alc.signing.standard_webhooks import new_secret
from mock_alc.web.unregister import unregister_webhook
from mock_alc.webhooks import registrations
from mock_alc.webhooks.outbox import Delivery, enqueue_test
from mock_alc.webhooks.registrations import Webhook

RECENT = 8
"""How many deliveries are shown beside a webhook."""


@pages.get("/webhooks")
@login_required
def webhook_list() -> ResponseReturnValue:
    """List the webhooks, each with the outcome of its last deliveries."""
    return _page()


@pages.post("/webhooks/<webhook_id>/test")
@login_required
def send_test(webhook_id: str) -> ResponseReturnValue:
    """Queue a `webhook.test` delivery, and show it."""
    with alc().database.write() as session:
        webhook = _my_webhook(session, webhook_id)
        if webhook.status(alc().now()) != "active":
            flash("ALC sends nothing to a webhook that is not active.")
            return redirect(url_for("console.webhook_list"), 303)
        delivery = enqueue_test(session, webhook, alc().now(), traceparent=g.traceparent)
    alc().worker.wake()
    return redirect(url_for("console.delivery", delivery_id=delivery.id), 303)


@pages.post("/webhooks/<webhook_id>/rotate-secret")
@login_required
def rotate_secret(webhook_id: str) -> ResponseReturnValue:
    """Sign with a new secret (W9). Show it in this response, not after a redirect: that would put it into a cookie."""
    secret, previous_until = new_secret(), alc().now() + timedelta(seconds=alc().config.secret_overlap)
    with alc().database.write() as session:
        webhook = _my_webhook(session, webhook_id)
        registrations.rotate_secret(webhook, alc().sealer, secret, previous_until=previous_until)
    return _page(secret_of=webhook_id, secret=secret)


@pages.post("/webhooks/<webhook_id>/enable")
@login_required
def enable(webhook_id: str) -> ResponseReturnValue:
    """Enable a disabled webhook; nothing else does, so that a person decides (W7)."""
    with alc().database.write() as session:
        registrations.enable(_my_webhook(session, webhook_id))
    return redirect(url_for("console.webhook_list"), 303)


@pages.post("/webhooks/<webhook_id>/delete")
@login_required
def delete(webhook_id: str) -> ResponseReturnValue:
    """Delete a webhook."""
    with alc().database.write() as session:
        _my_webhook(session, webhook_id)
        unregister_webhook(session, current_account_id(), webhook_id)
    alc().worker.wake()
    return redirect(url_for("console.webhook_list"), 303)


def _page(secret_of: str | None = None, secret: str | None = None) -> str:
    with alc().database.read() as session:
        found = registrations.list_webhooks(session, current_account_id())
        recent = {webhook.id: _recent(session, webhook) for webhook in found}
    live = request.method == "GET"
    return render_template(
        "webhooks.html",
        webhooks=found, recent=recent, secret_of=secret_of, secret=secret, live=live,
        overlap=alc().config.secret_overlap,
    )  # fmt: skip


def _my_webhook(session: Session, webhook_id: str) -> Webhook:
    webhook = registrations.find(session, current_account_id(), webhook_id)
    if webhook is None:
        raise NotFound("There is no such webhook in this account.")
    return webhook


def _recent(session: Session, webhook: Webhook) -> list[Delivery]:
    """Return the last deliveries to a webhook, the newest first."""
    newest = select(Delivery).where(Delivery.webhook_id == webhook.id).order_by(col(Delivery.created_at).desc())
    return list(session.exec(newest.limit(RECENT)))
