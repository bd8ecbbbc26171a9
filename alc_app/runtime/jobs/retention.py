"""Delete old rows: the one list of what is kept for how long, applied in small batches by every worker.

| rows | kept for |
|---|---|
| live events | 1 day; the newest one stays, because new ids continue from it |
| messages of the sequence diagram | 1 day, and 20,000 at most |
| sign-ins and connects (OAuth flows) | 1 day after they expired |
| sessions of people | 1 day after they began; they end sooner |
| what people have asked for | 400 days |
| rate limit counters | 1 day after they were used up, at most |
| people | for ever: rows name them |
| finished runs of the engine | 7 days |
| delivery bodies, which hold personal data | 7 days after the delivery was handled |
| dead letters: failed deliveries with their bodies, failed runs | until a person dismisses or replays them |
| deliveries | 40 days: a sender that retries for 28 hours finds its id known a week later (R14) |
| workflow runs | 400 days after they ended |
| expired key values (`kv`) | until each expires; without an expiry for ever |
| rows of the app | as the manifest says |
| handlers, and connections without their tokens | for ever: the URL of a deleted handler answers 410, not 404 (R18) |

Deleting twice does no harm, so several workers need no coordination.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, func, select

from alc_app.attio.host.context import running
from alc_app.attio.host.operations import Retention
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import report
from alc_app.runtime.storage.tables import LiveEvent, OAuthFlow

DAY = 86_400.0
FIRST_RUN_AFTER = 60.0
INTERVAL = 3600.0
BATCH_SIZE = 1000
"""Rows of a kind that one pass may delete; after a full batch the next pass follows at once."""
log = logging.getLogger(__name__)


class RetentionJob:
    """Applies every retention rule, once an hour."""

    def __init__(self, services: Services) -> None:
        """Take the rules of the runtime and of the manifest. The first pass is due after a minute."""
        self._services = services
        self._next_at = services.now() + FIRST_RUN_AFTER
        self.rules = [
            Retention("live events", 1, self._live_events),
            Retention("sign-ins", 1, self._flows),
            Retention("sessions", 1, services.sessions.delete_old),
            Retention("rate limit counters", 1, services.rate_limiter.delete_old),
            Retention("people's actions", 400, services.people.delete_actions),
            Retention("finished runs", 7, services.engine.delete_ended),
            Retention("messages", 1, services.exchanges.delete_older),
            Retention("delivery bodies", 7, services.inbox.erase_bodies),
            Retention("deliveries", 40, services.inbox.delete_older),
            Retention("workflow runs", 400, services.workflow_runs.delete_ended),
            Retention("expired key values", 0, services.key_values.delete_expired),
            *services.manifest.operations.retention,
        ]

    def run_if_due(self) -> None:
        """Make a pass if one is due: hourly, and at once while there may be more to delete."""
        if self._services.now() >= self._next_at:
            more = self.delete_old_rows()
            self._next_at = self._services.now() + (0 if more else INTERVAL)

    def delete_old_rows(self) -> bool:
        """Make one pass; return whether there may be more to delete."""
        with running(AppContext(self._services)):
            return max([self._apply(rule) for rule in self.rules]) >= BATCH_SIZE

    def _apply(self, rule: Retention) -> int:
        """Apply one rule and return the number of deleted rows. A rule that fails must not stop the others."""
        try:
            count = rule.forget(self._services.now() - rule.days * DAY, BATCH_SIZE)
        except Exception as error:
            report(log, f"Old {rule.what} could not be deleted. The next pass retries.", error)
            return 0
        if count:
            log.info("Deleted %d %s, older than %g days.", count, rule.what, rule.days)
        return count

    def _live_events(self, before: float, limit: int) -> int:
        newest = select(func.max(LiveEvent.id)).scalar_subquery()
        old = (col(LiveEvent.at) < before, col(LiveEvent.kind) != "boot", col(LiveEvent.id) < newest)
        return self._delete(LiveEvent.id, *old, limit=limit)

    def _flows(self, before: float, limit: int) -> int:
        return self._delete(OAuthFlow.id, col(OAuthFlow.expires_at) < before, limit=limit)

    def _delete(self, key: Any, *condition: Any, limit: int) -> int:
        oldest = select(key).where(*condition).order_by(key).limit(limit)
        with self._services.database.transaction() as session:
            return session.exec(delete(key.class_).where(key.in_(oldest))).rowcount
