"""Circuit breaker for rejected credentials: after a 401 all processes pause, and one probes once a minute (C5).

Work that needs the key waits meanwhile. The other side is not hammered with a key that it has refused, and there is one
error in the log instead of one for each lead. The state is a row in the table of the rate limiter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import bindparam, delete, update
from sqlmodel import col, or_, select

from alc_app.attio.host.errors import FetchRefused
from alc_app.attio.http import FetchResponse
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import RateLimitSlot

UNAUTHORIZED = 401
PROBE_EVERY = 60.0
"""Seconds."""
CLOCKS_DIFFER_BY = 600.0
"""Seconds at most, from machine to machine. If the next probe seems to be later than that, the clock was set back, and
the probe is due."""
REFUSES = " refuses the app's key"
log = logging.getLogger(__name__)


class CircuitBreaker:
    """Blocks calls to origins that refuse our key, except for one probe a minute."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        """Keep the state in `database`; `now` returns seconds since 1970."""
        self._database, self._now = database, now
        self._known = select(RateLimitSlot.name).where(col(RateLimitSlot.name) == bindparam("name"))

    def call(self, origin: str, work: Callable[[], FetchResponse]) -> FetchResponse:
        """Call `work` and return its response. Raises: FetchRefused, without a call, while the breaker is open."""
        name = f"{origin}{REFUSES}"
        is_open = self._is_open(name)
        if is_open and not self._claim_probe(name):
            raise FetchRefused(f"{origin} does not accept the app's key. The app retries every minute.")
        response = work()
        if response.status == UNAUTHORIZED:
            self._open(name, origin)
        elif is_open:
            self._close(name, origin)
        return response

    def refusing(self) -> list[str]:
        """Return the origins that do not accept our key now."""
        rows = select(RateLimitSlot.name).where(col(RateLimitSlot.name).endswith(REFUSES))
        with self._database.reading() as session:
            return [name.removesuffix(REFUSES) for name in session.exec(rows)]

    def _is_open(self, name: str) -> bool:
        return bool(self._database.fetch(self._known, {"name": name}))

    def _claim_probe(self, name: str) -> bool:
        """Claim the probe of this minute; return False if it is not due or another process has claimed it."""
        now = self._now()
        next_at = col(RateLimitSlot.next_at)
        due = (
            update(RateLimitSlot)
            .where(col(RateLimitSlot.name) == name, or_(next_at <= now, next_at > now + PROBE_EVERY + CLOCKS_DIFFER_BY))
            .values(next_at=now + PROBE_EVERY)
        )
        with self._database.transaction() as session:
            return bool(session.exec(due).rowcount)

    def _open(self, name: str, origin: str) -> None:
        row = self._database.insert(RateLimitSlot).values(name=name, next_at=self._now() + PROBE_EVERY)
        with self._database.transaction() as session:
            is_new = session.exec(row.on_conflict_do_nothing().returning(col(RateLimitSlot.name))).first()
        if is_new:
            log.error("%s does not accept the app's key. Calls wait, and one retries every minute.", origin)

    def _close(self, name: str, origin: str) -> None:
        with self._database.transaction() as session:
            was_known = session.exec(delete(RateLimitSlot).where(col(RateLimitSlot.name) == name)).rowcount
        if was_known:
            log.warning("%s accepts the app's key again.", origin)
