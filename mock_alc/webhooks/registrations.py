"""Webhook registrations: URL, event, secrets, and whether deliveries are sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Field, Session, col, func, select

from mock_alc.base.clock import iso
from mock_alc.base.credentials import digest, new_id
from mock_alc.base.database import changed_rows
from mock_alc.base.sealing import Sealer
from mock_alc.base.tables import Table, UtcDateTime

EVENTS = ("lead.processed", "prospect.updated")


class Webhook(Table, table=True):
    """One registration. Deleted rows are kept, because deliveries refer to them."""

    __tablename__ = "webhook"

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    name: str = Field(index=True)
    url: str
    event: str
    # Set until the webhook is deleted or expires. Its unique constraint refuses a second registration.
    live_key: str | None = Field(default=None, unique=True)
    sealed_secret: str
    sealed_previous_secret: str | None = None
    previous_secret_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_reason: str | None = None
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_failure_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def status(self, now: datetime) -> str:
        """Return `active`, `disabled`, `expired` or `deleted`; only active webhooks get deliveries."""
        if self.deleted_at is not None:
            return "deleted"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "active" if self.disabled_at is None else "disabled"

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return the webhook as the API shows it, without its secret."""
        shown = {
            "webhook_id": self.id,
            "name": self.name,
            "url": self.url,
            "event": self.event,
            "status": self.status(now),
            "created_at": iso(self.created_at),
        }
        if self.expires_at is not None:
            shown["expires_at"] = iso(self.expires_at)
        if self.previous_secret_until is not None:
            shown["previous_secret_expires_at"] = iso(self.previous_secret_until)
        if self.disabled_reason is not None:
            shown["disabled_reason"] = self.disabled_reason
        return shown


def live_key(account_id: str, name: str, url: str, event: str) -> str:
    """Return the value of `live_key` for a registration: equal registrations get equal keys."""
    return digest("\n".join((account_id, name, url, event)))


def register(
    session: Session, sealer: Sealer, *, account_id: str, name: str, url: str, event: str, secret: str,
    expires_at: datetime | None, now: datetime,
) -> Webhook:  # fmt: skip
    """Insert a webhook; raise IntegrityError if an equal one is registered and has not expired."""
    key = live_key(account_id, name, url, event)
    expired = update(Webhook).where(col(Webhook.live_key) == key, col(Webhook.expires_at) <= now)
    session.execute(expired.values(live_key=None))
    webhook_id = new_id("wh")
    webhook = Webhook(
        id=webhook_id,
        account_id=account_id,
        name=name,
        url=url,
        event=event,
        live_key=key,
        sealed_secret=sealer.seal(secret, owner=webhook_id),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(webhook)
    session.flush()
    return webhook


def find(session: Session, account_id: str, webhook_id: str) -> Webhook | None:
    """Return the webhook if it belongs to this account and was not deleted, else None (A20)."""
    mine = select(Webhook).where(Webhook.id == webhook_id, Webhook.account_id == account_id)
    return session.exec(mine.where(col(Webhook.deleted_at).is_(None))).one_or_none()


def list_webhooks(session: Session, account_id: str, name: str | None = None) -> list[Webhook]:
    """Return the webhooks of an account that were not deleted, newest first; with `name`, only those."""
    mine = select(Webhook).where(Webhook.account_id == account_id, col(Webhook.deleted_at).is_(None))
    if name is not None:
        mine = mine.where(Webhook.name == name)
    return list(session.exec(mine.order_by(col(Webhook.created_at).desc(), col(Webhook.id))))


def registered(session: Session) -> Sequence[Webhook]:
    """Return the webhooks of all accounts that were not deleted."""
    return session.exec(select(Webhook).where(col(Webhook.deleted_at).is_(None))).all()


def count_deleted(session: Session) -> int:
    """Count the webhooks of all accounts that were deleted."""
    return session.exec(select(func.count()).where(col(Webhook.deleted_at).is_not(None))).one()


def subscribers(session: Session, account_id: str, event: str, now: datetime) -> list[Webhook]:
    """Return the active webhooks of an account that are registered for `event`."""
    return [
        webhook
        for webhook in list_webhooks(session, account_id)
        if webhook.event == event and webhook.status(now) == "active"
    ]


def mark_deleted(session: Session, account_id: str, webhook_id: str, now: datetime) -> bool:
    """Mark a webhook as deleted; of concurrent callers exactly one gets True (W11)."""
    deletion = update(Webhook).where(
        col(Webhook.id) == webhook_id,
        col(Webhook.account_id) == account_id,
        col(Webhook.deleted_at).is_(None),
    )
    return changed_rows(session, deletion.values(deleted_at=now, live_key=None)) == 1


def rotate_secret(webhook: Webhook, sealer: Sealer, secret: str, *, previous_until: datetime) -> None:
    """Replace the secret; until `previous_until`, deliveries are signed with the old one too (W9)."""
    webhook.sealed_previous_secret = webhook.sealed_secret
    webhook.previous_secret_until = previous_until
    webhook.sealed_secret = sealer.seal(secret, owner=webhook.id)


def live_secrets(webhook: Webhook, sealer: Sealer, now: datetime) -> list[str]:
    """Return every secret to sign with at `now`, the newest first."""
    sealed = [webhook.sealed_secret]
    if webhook.sealed_previous_secret and webhook.previous_secret_until and now < webhook.previous_secret_until:
        sealed.append(webhook.sealed_previous_secret)
    return [sealer.open(value, owner=webhook.id) for value in sealed]


FAILED_FOR_DAYS = "Every delivery failed for days."
OUTAGE_GAP = timedelta(days=1)
"""Failures further apart than this do not count as one outage."""


def record_failure(webhook: Webhook, now: datetime, *, disable_after: timedelta) -> None:
    """Record a failed delivery; disable the webhook if nothing has succeeded for `disable_after` (W7).

    A failure more than OUTAGE_GAP after the last one begins a new outage, so that rare failures never disable.
    """
    isolated = webhook.last_failure_at is None or now - webhook.last_failure_at > OUTAGE_GAP
    webhook.failing_since = now if isolated else webhook.failing_since or now
    webhook.last_failure_at = now
    if now - webhook.failing_since >= disable_after:
        disable(webhook, now, FAILED_FOR_DAYS)


def record_success(webhook: Webhook) -> None:
    """Record a successful delivery: earlier failures no longer count."""
    webhook.failing_since = webhook.last_failure_at = None


def disable(webhook: Webhook, now: datetime, reason: str) -> None:
    """Stop deliveries until a person enables the webhook again."""
    webhook.disabled_at = webhook.disabled_at or now
    webhook.disabled_reason = webhook.disabled_reason or reason


def enable(webhook: Webhook) -> None:
    """Resume deliveries; earlier failures no longer count."""
    webhook.disabled_at = webhook.disabled_reason = None
    record_success(webhook)
