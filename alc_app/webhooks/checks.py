"""`alc-app doctor` on webhooks: does ALC call each handler of ours, once, and nothing that is no more? Invariant I2.

TUTORIAL: it has no such file. A webhook that is orphaned, disabled or expired there is never noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from alc_app.attio import AttioError, AttioNoWorkspaceConnectionError, Connection, WebhookHandler
from alc_app.attio.host.context import current
from alc_app.attio.host.doctor import Finding
from alc_app.attio.server import (
    get_workspace_connection,
    knows_webhook_handler,
    list_webhook_handlers,
    refresh_soon,
    update_webhook_handler,
)
from alc_app.clients import alc_api
from alc_app.clients.alc_api import Webhook
from alc_app.leads import transitions

EVENTS = {"lead_processed": "lead.processed", "workflow": "lead.processed"}
"""Which event ALC tells a handler, by the kind of its file name: a workflow's trigger has `workflow:<activation>`."""
SOON = 86_400.0
"""Seconds before its end at which a webhook is worth a word."""


def check_webhooks() -> Iterator[Finding]:
    """Compare both ends, both ways. Raises: AlcError, AttioConnectionExpiredError."""
    try:
        connection = get_workspace_connection()
    except AttioNoWorkspaceConnectionError:
        return  # there is nobody whom ALC could call, and no key to ask it with
    there = alc_api.list_webhooks(connection)
    ours = list_webhook_handlers()  # after ALC's list, so that no handler that is new looks like an orphan
    handlers = [one for one in ours if _kind(one) in EVENTS and not one.connector]
    for handler in handlers:
        yield from _compare(_Pair(connection, handler), [hook for hook in there if _calls(hook, handler)])
    live = {hook.webhook_id for hook in there if hook.status == "active"}
    for handler in ours:
        if handler.connector and handler.external_webhook_id not in (None, *live):
            text = f"ALC no longer calls the handler {handler.id}, for which its connector had subscribed."
            yield Finding(text, handler.id, mend=partial(_subscribe_again, handler))
    for hook in there:
        if _is_orphan(hook, handlers):
            yield Finding(
                f"ALC has the webhook {hook.webhook_id} for an address of ours that no handler answers at any more.",
                hook.webhook_id,
                mend=partial(_delete, connection, hook),
            )


def _calls(hook: Webhook, handler: WebhookHandler) -> bool:
    return hook.webhook_id == handler.external_webhook_id or hook.url == handler.url or hook.name == handler.id


def _is_orphan(hook: Webhook, handlers: list[WebhookHandler]) -> bool:
    """Is it ours by its address, and nobody's? Other people's on the same account are none of our business (C16)."""
    ours = current().settings.hooks_url
    if not hook.url.startswith(ours) or any(_calls(hook, handler) for handler in handlers):
        return False
    return not knows_webhook_handler(hook.url.removeprefix(ours))


@dataclass(frozen=True)
class _Pair:
    """A handler here, and the key to its webhook there."""

    connection: Connection
    handler: WebhookHandler

    def is_right(self, hook: Webhook) -> bool:
        """Does it call the right address, by the right name, for the right event?"""
        wanted = (self.handler.id, self.handler.url, EVENTS[_kind(self.handler)])
        return (hook.name, hook.url, hook.event) == wanted

    def rank(self, hook: Webhook) -> tuple[bool, bool, bool]:
        """The best one of several comes first."""
        remembered = hook.webhook_id == self.handler.external_webhook_id
        return not self.is_right(hook), hook.status != "active", not remembered

    def register(self) -> str:
        """Tell ALC how to call the handler. One that was deleted meanwhile takes its webhook along."""
        handler = self.handler
        event = EVENTS[_kind(handler)]
        made = alc_api.create_webhook(
            self.connection, name=handler.id, url=handler.url, event=event, secret=handler.secret
        )
        update_webhook_handler(handler.id, external_webhook_id=made.webhook_id)
        # A disconnect deletes the id that it finds. One that looked before it was there is seen here, or sees it.
        if not _is_live(handler):
            return _delete(self.connection, made)
        transitions.schedule_verdict_check()  # what ALC had to tell meanwhile
        return f"The handler {handler.id} has been registered at ALC as the webhook {made.webhook_id}."

    def replace(self, hook: Webhook) -> str:
        """Register anew what cannot be changed at ALC."""
        return f"{_delete(self.connection, hook)} {self.register()}"

    def remember(self, hook: Webhook) -> str:
        """Note ALC's id of a webhook that is right in all else."""
        update_webhook_handler(self.handler.id, external_webhook_id=hook.webhook_id)
        return f"The handler {self.handler.id} knows its webhook {hook.webhook_id} again."

    def extend(self, hook: Webhook) -> str:
        """Ask ALC for more time."""
        alc_api.refresh_webhook(self.connection, hook.webhook_id)
        return f"The webhook {hook.webhook_id} has been refreshed at ALC."


def _compare(pair: _Pair, hooks: list[Webhook]) -> Iterator[Finding]:
    name = pair.handler.id
    if not hooks:
        text = f"ALC has no webhook for the handler {name}, so it cannot tell us anything."
        yield Finding(text, name, mend=pair.register)
        return
    best, *others = sorted(hooks, key=pair.rank)
    for other in others:
        text = f"ALC has a second webhook for the handler {name}: {other.webhook_id}."
        yield Finding(text, other.webhook_id, mend=partial(_delete, pair.connection, other))
    yield from _look_at(pair, best)


def _look_at(pair: _Pair, hook: Webhook) -> Iterator[Finding]:
    name, hook_id = pair.handler.id, hook.webhook_id
    if not pair.is_right(hook):
        text = (
            f"The webhook {hook_id} of the handler {name} has another name, address or event at ALC than it has here."
        )
        yield Finding(text, hook_id, mend=partial(pair.replace, hook))
    elif hook.status != "active":
        text = f"The webhook {hook_id} of the handler {name} is {hook.status} at ALC, which no longer calls it."
        yield Finding(text, hook_id, mend=partial(pair.replace, hook))
    elif hook_id != pair.handler.external_webhook_id:
        text = f"The handler {name} does not know its webhook {hook_id} at ALC."
        yield Finding(text, hook_id, "warning", partial(pair.remember, hook))
    elif hook.expires_at and hook.expires_at.timestamp() - current().now() < SOON:
        text = f"The webhook {hook_id} of the handler {name} expires at {hook.expires_at:%Y-%m-%d %H:%M} UTC."
        yield Finding(text, hook_id, "warning", partial(pair.extend, hook))


def _kind(handler: WebhookHandler) -> str:
    return handler.file_name.partition(":")[0]


def _is_live(handler: WebhookHandler) -> bool:
    try:
        return any(other.id == handler.id for other in list_webhook_handlers())
    except AttioError:  # disconnected meanwhile
        return False


def _subscribe_again(handler: WebhookHandler) -> str:
    refresh_soon(handler.id)
    return f"The handler {handler.id} is being subscribed again."


def _delete(connection: Connection, hook: Webhook) -> str:
    alc_api.delete_webhook(connection, hook.webhook_id)
    return f"The webhook {hook.webhook_id} has been deleted at ALC."
