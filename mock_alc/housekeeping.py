"""Forgets what has served its time: old idempotency keys, and codes and tokens long dead."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from mock_alc.base.clock import Clock
from mock_alc.base.database import Database
from mock_alc.leads.leads import IdempotencyKey
from mock_alc.oauth.tables import AuthorizationCode, Token

EVERY = timedelta(hours=1)
IDEMPOTENCY_KEYS_LIVE = timedelta(days=7)  # A21 asks for a day at least.
DEAD_CREDENTIALS_LIVE = timedelta(days=30)  # Long enough for a late replay to be recognised.


class Housekeeping:
    """A chore of the worker."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._next = clock() + EVERY

    def run_due(self) -> datetime:
        """Sweep once an hour; return when the next sweep is."""
        now = self._clock()
        if now >= self._next:
            self._next = now + EVERY
            self._sweep(now)
        return self._next

    def _sweep(self, now: datetime) -> None:
        dead_since = now - DEAD_CREDENTIALS_LIVE
        with self._database.write() as session:
            session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now - IDEMPOTENCY_KEYS_LIVE))
            session.execute(delete(AuthorizationCode).where(col(AuthorizationCode.expires_at) < dead_since))
            session.execute(delete(Token).where(col(Token.refresh_expires_at) < dead_since))
