"""Deletes old idempotency keys, and codes and tokens that expired long ago."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from mock_alc.base.clock import Clock
from mock_alc.base.database import Database
from mock_alc.leads.leads import IdempotencyKey
from mock_alc.oauth.tables import AuthorizationCode, Token

EVERY = timedelta(hours=1)
IDEMPOTENCY_KEY_RETENTION = timedelta(days=7)  # A21 requires a day at least.
EXPIRED_CREDENTIAL_RETENTION = timedelta(days=30)  # So that a late reuse is recognized.


class Housekeeping:
    """A job of the worker."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Run first an hour from now."""
        self._database, self._clock = database, clock
        self._next = clock() + EVERY

    def run_due(self) -> datetime:
        """Delete old rows once an hour; return when that is due next."""
        now = self._clock()
        if now >= self._next:
            self._next = now + EVERY
            self._delete_old_rows(now)
        return self._next

    def _delete_old_rows(self, now: datetime) -> None:
        expired_before = now - EXPIRED_CREDENTIAL_RETENTION
        created_before = now - IDEMPOTENCY_KEY_RETENTION
        with self._database.write() as session:
            session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < created_before))
            session.execute(delete(AuthorizationCode).where(col(AuthorizationCode.expires_at) < expired_before))
            session.execute(delete(Token).where(col(Token.refresh_expires_at) < expired_before))
