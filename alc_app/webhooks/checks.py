"""`alc-app doctor` on webhooks: does ALC call each of our handlers once, and no URL without one? Invariant I2.

TUTORIAL: it has no such file. A webhook that is orphaned, disabled or expired there is never noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from alc_app.attio import AttioNoWorkspaceConnectionError, Connection, WebhookHandler
from alc_app.attio.host.context import current
from alc_app.attio.host.doctor import Finding
from alc_app.attio.server import (
    get_webhook_handler,
    get_workspace_connection,
    knows_webhook_handler,
    list_webhook_handlers,
    refresh_soon,
    rotate_secret_soon,
    update_webhook_handler,
)
from alc_app.clients import alc_api
from alc_app.clients.alc_models import Webhook
from alc_app.leads.reconcile import reconcile_soon

EVENTS = {"lead_processed": "lead.processed", "workflow": "lead.processed"}
"""The event that a handler subscribes to, by the kind of its file name: a workflow's is `workflow:<activation>`."""
EXPIRES_SOON = 86_400.0
"""Seconds before its expiry from which on a webhook is a finding."""


def check_webhooks() -> Iterator[Finding]:
    """Compare our handlers with ALC's webhooks, both ways. Raises: AlcError, AttioConnectionExpiredError."""
    try:
        connection = get_workspace_connection()
    except AttioNoWorkspaceConnectionError:
        return  # ALC has no webhook of ours, and there is no token to ask it with
    webhooks = alc_api.list_webhooks(connection)
    all_handlers = list_webhook_handlers()  # after ALC's list: so the webhook of a new handler is never an orphan
    handlers = [handler for handler in all_handlers if _kind(handler) in EVENTS and not handler.connector]
    for handler in handlers:
        matching = [webhook for webhook in webhooks if _calls(webhook, handler)]
        yield from _check_handler(_Registration(connection, handler), matching)
    by_id = {webhook.webhook_id: webhook for webhook in webhooks}
    for handler in all_handlers:
        if (webhook := by_id.get(str(handler.external_webhook_id))) and _was_rotated_at_alc(webhook, handler):
            text = (
                f"Someone rotated the signing secret of the webhook {webhook.webhook_id} at ALC, so the app does not "
                f"have it. From {webhook.previous_secret_expires_at:%Y-%m-%d %H:%M} UTC on, its deliveries are refused."
            )
            yield Finding(text, webhook.webhook_id, repair=partial(_rotate, handler))
    active = {webhook.webhook_id for webhook in webhooks if webhook.status == "active"}
    for handler in all_handlers:
        if handler.connector and handler.external_webhook_id not in (None, *active):
            text = f"ALC no longer calls the handler {handler.id}, although its connector subscribed."
            yield Finding(text, handler.id, repair=partial(_subscribe_again, handler))
    for webhook in webhooks:
        if _is_orphan(webhook, handlers):
            yield Finding(
                f"ALC has the webhook {webhook.webhook_id} for an address that this app no longer serves.",
                webhook.webhook_id,
                repair=partial(_delete, connection, webhook),
            )


def _calls(webhook: Webhook, handler: WebhookHandler) -> bool:
    known_id = webhook.webhook_id == handler.external_webhook_id
    return known_id or webhook.url == handler.url or webhook.name == handler.id


def _is_orphan(webhook: Webhook, handlers: list[WebhookHandler]) -> bool:
    """Tell whether a webhook has a URL of ours without a handler. Webhooks of other apps are never orphans (C16)."""
    ours = current().settings.hooks_url
    if not webhook.url.startswith(ours) or any(_calls(webhook, handler) for handler in handlers):
        return False
    return not knows_webhook_handler(webhook.url.removeprefix(ours))


@dataclass(frozen=True)
class _Registration:
    """The registration of a handler at ALC, and how to repair it. Each repair returns a sentence for the doctor."""

    connection: Connection
    handler: WebhookHandler

    def is_correct(self, webhook: Webhook) -> bool:
        """Tell whether the webhook has the handler's name, address and event."""
        expected = (self.handler.id, self.handler.url, EVENTS[_kind(self.handler)])
        return (webhook.name, webhook.url, webhook.event) == expected

    def rank(self, webhook: Webhook) -> tuple[bool, bool, bool]:
        """Return a sort key that puts the webhook to keep first."""
        has_known_id = webhook.webhook_id == self.handler.external_webhook_id
        return not self.is_correct(webhook), webhook.status != "active", not has_known_id

    def register(self) -> str:
        """Register the handler at ALC. If the handler is deleted meanwhile, delete the new webhook too."""
        handler = self.handler
        event = EVENTS[_kind(handler)]
        made = alc_api.create_webhook(
            self.connection, name=handler.id, url=handler.url, event=event, secret=handler.secret
        )
        update_webhook_handler(handler.id, external_webhook_id=made.webhook_id)
        # A disconnect or a rotation that ran before this update did not know the new webhook.
        now = get_webhook_handler(handler.id)
        if now is None:
            return _delete(self.connection, made)
        if now.secret != handler.secret:
            rotate_secret_soon(handler.id)
        reconcile_soon()  # verdicts may have been lost while the webhook was missing
        return f"Registered the handler {handler.id} at ALC as the webhook {made.webhook_id}."

    def replace(self, webhook: Webhook) -> str:
        """Delete a webhook that ALC cannot change, and register the handler again."""
        return f"{_delete(self.connection, webhook)} {self.register()}"

    def store_id(self, webhook: Webhook) -> str:
        """Store ALC's id of a webhook that is correct in what ALC shows. Its secret may be another, so rotate it."""
        update_webhook_handler(self.handler.id, external_webhook_id=webhook.webhook_id)
        rotate_secret_soon(self.handler.id)
        return f"Linked the handler {self.handler.id} with its webhook {webhook.webhook_id} again."

    def extend(self, webhook: Webhook) -> str:
        """Ask ALC for a later expiry."""
        alc_api.refresh_webhook(self.connection, webhook.webhook_id)
        return f"Refreshed the webhook {webhook.webhook_id} at ALC."


def _check_handler(registration: _Registration, webhooks: list[Webhook]) -> Iterator[Finding]:
    name = registration.handler.id
    if not webhooks:
        text = f"ALC has no webhook for the handler {name}, so it cannot deliver results."
        yield Finding(text, name, repair=registration.register)
        return
    best, *others = sorted(webhooks, key=registration.rank)
    for other in others:
        text = f"ALC has a second webhook for the handler {name}: {other.webhook_id}."
        yield Finding(text, other.webhook_id, repair=partial(_delete, registration.connection, other))
    yield from _check_webhook(registration, best)


def _check_webhook(registration: _Registration, webhook: Webhook) -> Iterator[Finding]:
    name, webhook_id = registration.handler.id, webhook.webhook_id
    replace = partial(registration.replace, webhook)
    if not registration.is_correct(webhook):
        text = (
            f"The webhook {webhook_id} of the handler {name} has a different name, address or event at ALC than here."
        )
        yield Finding(text, webhook_id, repair=replace)
    elif webhook.status != "active":
        text = f"The webhook {webhook_id} of the handler {name} is {webhook.status} at ALC, which no longer calls it."
        yield Finding(text, webhook_id, repair=replace)
    elif webhook_id != registration.handler.external_webhook_id:
        text = f"The handler {name} is not linked with its webhook {webhook_id} at ALC."
        yield Finding(text, webhook_id, "warning", partial(registration.store_id, webhook))
    elif webhook.expires_at and webhook.expires_at.timestamp() - current().now() < EXPIRES_SOON:
        text = f"The webhook {webhook_id} of the handler {name} expires at {webhook.expires_at:%Y-%m-%d %H:%M} UTC."
        yield Finding(text, webhook_id, "warning", partial(registration.extend, webhook))


def _kind(handler: WebhookHandler) -> str:
    return handler.file_name.partition(":")[0]


def _was_rotated_at_alc(webhook: Webhook, handler: WebhookHandler) -> bool:
    """Tell whether ALC has rotated the secret without us: its previous secret ends later than we know of."""
    until = webhook.previous_secret_expires_at
    return until is not None and not handler.is_rotating and until.timestamp() > (handler.previous_secret_until or 0)


def _rotate(handler: WebhookHandler) -> str:
    rotate_secret_soon(handler.id)
    return f"The handler {handler.id} has a new signing secret. A worker sends it to ALC."


def _subscribe_again(handler: WebhookHandler) -> str:
    refresh_soon(handler.id)
    return f"Subscribing the handler {handler.id} again."


def _delete(connection: Connection, webhook: Webhook) -> str:
    alc_api.delete_webhook(connection, webhook.webhook_id)
    return f"Deleted the webhook {webhook.webhook_id} at ALC."
