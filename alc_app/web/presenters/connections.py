"""The connection to ALC as its page shows it: from the runtime's rows, without anything secret."""

from __future__ import annotations

from alc_app.pages import CleanUp, ConnectionView, Handler
from alc_app.pages.filters import utc
from alc_app.pages.view_models import ConnectionStatus
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.storage.tables import ConnectionRow, WebhookHandlerRow
from alc_app.runtime.workflows.activations import PREFIX


def status_of(services: Services) -> ConnectionStatus:
    """Return the status of the workspace's connection."""
    return _status(_current(services))


def connection_of(services: Services) -> ConnectionView:
    """Return the workspace's connection, with its webhook handlers and the clean-ups of former ones."""
    row = _current(services)
    clean_up = [_clean_up(left) for left in services.connections.failed_removals(WORKSPACE)]
    if row is None:
        return ConnectionView("none", clean_up=clean_up)
    return ConnectionView(
        status=_status(row),
        id=row.id,
        connected_at=utc(row.created_at),
        username=row.username,
        connected_by=services.people.names([row.connected_by]).get(row.connected_by or "", ""),
        token_issued_at=utc(row.issued_at) if row.issued_at else None,
        token_expires_at=utc(row.expires_at) if row.expires_at else None,
        renewed_at=utc(row.refresh_at) if row.refresh_at else None,
        renewals=row.token_version - 1,
        message=row.why,
        handlers=[_handler(services, handler) for handler in services.webhook_handlers.of_connection(row.id)],
        clean_up=clean_up,
        scopes=row.scope.split(),
    )


def _current(services: Services) -> ConnectionRow | None:
    return services.connections.live(WORKSPACE) or services.connections.latest(WORKSPACE, "adding")


def _status(row: ConnectionRow | None) -> ConnectionStatus:
    if row is None:
        return "none"
    known: dict[str, ConnectionStatus] = {"adding": "connecting", "needs_reconnect": "needs_reconnect"}
    return known.get(row.status, "active")


def _handler(services: Services, row: WebhookHandlerRow) -> Handler:
    count, last, failed = services.inbox.statistics(row.id)
    until = row.previous_secret_until
    return Handler(
        id=row.id,
        path=_answered_by(row),
        sender=SCHEMES[row.signed_by].sender.removesuffix(" API"),
        url=services.webhook_handlers.url(row.id, row.signed_by),
        external_webhook_id=row.external_webhook_id,
        created_at=utc(row.created_at),
        last_delivery_at=utc(last) if last else None,
        deliveries=count,
        failures=failed,
        is_rotating=row.rotate_at is not None,
        rotate_why=row.rotate_why,
        previous_secret_until=utc(until) if until and services.now() < until else None,
    )


def _answered_by(row: WebhookHandlerRow) -> str:
    """Return the path of the app's file or folder that answers at this handler."""
    if row.file_name.startswith(PREFIX):
        return "alc_app/blocks/"
    return "alc_app/record_events/" if row.signed_by == "attio" else f"alc_app/webhooks/{row.file_name}.py"


def _clean_up(row: ConnectionRow) -> CleanUp:
    return CleanUp(
        what="A former connection still needs a clean-up at ALC: its webhook and its tokens.",
        since=utc(row.created_at),
        last_error=row.why,
        next_try_at=utc(row.due_at) if row.due_at else None,
    )
