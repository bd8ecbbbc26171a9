"""Whoever does not accept our key is asked again once a minute, by one call of all processes (C5).

The work that needs the key waits meanwhile; nobody hammers the other side with a key that it has refused, and there is
one alert, not one for each lead. The state is a row beside the pace.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import delete, update
from sqlmodel import col

from alc_app.attio.host.errors import FetchRefused
from alc_app.attio.http import FetchResponse
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import RateLimitSlot

UNAUTHORIZED = 401
PROBE_EVERY = 60.0
log = logging.getLogger(__name__)


class CircuitBreaker:
    """Who refuses our key, and when they are asked again."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def call(self, origin: str, work: Callable[[], FetchResponse]) -> FetchResponse:
        """The answer to `work`. Raises: FetchRefused without a call, while `origin` is known to refuse our key."""
        name = f"{origin} refuses our key"
        refused = self._is_open(name)
        if refused and not self._claim_probe(name):
            raise FetchRefused(f"{origin} does not accept our key; it is asked again each minute.")
        response = work()
        if response.status == UNAUTHORIZED:
            self._open(name, origin)
        elif refused:
            self._close(name, origin)
        return response

    def _is_open(self, name: str) -> bool:
        with self._database.reading() as session:
            return session.get(RateLimitSlot, name) is not None

    def _claim_probe(self, name: str) -> bool:
        """Is it time, and are we the first to see so?"""
        now = self._now()
        due = (
            update(RateLimitSlot)
            .where(col(RateLimitSlot.name) == name, col(RateLimitSlot.next_at) <= now)
            .values(next_at=now + PROBE_EVERY)
        )
        with self._database.transaction() as session:
            return bool(session.exec(due).rowcount)

    def _open(self, name: str, origin: str) -> None:
        row = self._database.insert(RateLimitSlot).values(name=name, next_at=self._now() + PROBE_EVERY)
        with self._database.transaction() as session:
            is_new = session.exec(row.on_conflict_do_nothing().returning(col(RateLimitSlot.name))).first()
        if is_new:
            log.error("%s does not accept our key. What needs it waits; it is asked again each minute.", origin)

    def _close(self, name: str, origin: str) -> None:
        with self._database.transaction() as session:
            was_known = session.exec(delete(RateLimitSlot).where(col(RateLimitSlot.name) == name)).rowcount
        if was_known:
            log.warning("%s accepts our key again.", origin)
