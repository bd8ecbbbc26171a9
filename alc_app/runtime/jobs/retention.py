"""What is forgotten, and when: the one rule, kept by the relay of every worker, a little at a time.

| rows | kept for |
|---|---|
| live events | 1 day; the newest one stays, because the numbers go on from it |
| messages between the participants | 1 day, and 20,000 at most |
| sign-ins (OAuth flows) | 1 day after they expired |
| finished runs of the engine | 7 days |
| bodies of deliveries, which tell of people | 7 days after they ended |
| deliveries | 40 days: a sender that tries for 28 hours finds its id known a week later (R14) |
| workflow runs | 400 days after they ended |
| values under keys (`kv`) | as long as each was given, or for ever |
| rows of the app | as its manifest says |
| handlers, and connections without their tokens | for ever: a deleted address answers 410, not 404 (R18) |

Forgetting twice is forgetting once, so several workers need no agreement.
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
from alc_app.runtime.storage.tables import LiveEvent, OAuthFlow

DAY = 86_400.0
FIRST_AFTER = 60.0
EVERY = 3600.0
AT_ONCE = 1000
"""Rows of a kind that one pass may forget; when there were so many, the next pass follows at once."""
log = logging.getLogger(__name__)


class RetentionJob:
    """Keeps the rule."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._next_at = services.now() + FIRST_AFTER
        self.rules = [
            Retention("live events", 1, self._live_events),
            Retention("sign-ins", 1, self._flows),
            Retention("finished runs", 7, services.engine.delete_ended),
            Retention("messages", 1, services.exchanges.delete_older),
            Retention("bodies of deliveries", 7, services.inbox.erase_bodies),
            Retention("deliveries", 40, services.inbox.delete_older),
            Retention("workflow runs", 400, services.workflow_runs.delete_ended),
            Retention("values under keys", 0, services.key_values.delete_expired),
            *services.manifest.operations.retention,
        ]

    def look(self) -> None:
        """Make a pass when it is time for one: hourly, and at once while there is more to forget."""
        if self._services.now() >= self._next_at:
            more = self.sweep()
            self._next_at = self._services.now() + (0 if more else EVERY)

    def sweep(self) -> bool:
        """Make one pass; returns whether there may be more to forget."""
        with running(AppContext(self._services)):
            return max([self._forget(rule) for rule in self.rules]) >= AT_ONCE

    def _forget(self, rule: Retention) -> int:
        """Keep one rule; that it stumbles must not keep the others from being kept."""
        try:
            count = rule.forget(self._services.now() - rule.days * DAY, AT_ONCE)
        except Exception:
            log.exception("Old %s could not be forgotten; the next pass tries again.", rule.what)
            return 0
        if count:
            log.info("Forgot %d %s, older than %g days.", count, rule.what, rule.days)
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
