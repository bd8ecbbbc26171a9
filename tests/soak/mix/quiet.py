"""What the servers have still to do, and how time passes for them.

The only place that knows the app's own tables, and of those only the times at which rows are due.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, inspect, text

from tests.soak.mix.hand import messages_of_attio
from tests.support.servers.clients import Alc
from tests.support.servers.stack import Stack

TIMES = ("due_at", "ask_at")
"""Columns that say when a row is to be worked on."""
NOT_OURS = ("workflow_step", "workflow_run")
"""Here time does not pass: a workflow asks once more after some days, a chat that nobody has clicked for."""
CONDITIONS = {"delivery.due_at": "state in ('new', 'queued')", "lead.ask_at": "status = 'pending'"}
RUNS = "select count(*) from {}workflow_status where status in ('ENQUEUED', 'PENDING', 'DELAYED')"
SOON = 1.0
"""Seconds in which a row that is due counts as work now."""
DAYS = 10_000 * 86_400.0
"""Seconds; longer than anything waits."""


class Quiet:
    """What is left to do, now and until a time."""

    def __init__(self, stack: Stack, alc: Alc) -> None:
        """Look at these servers."""
        self._stack, self._alc = stack, alc
        self._is_shared = bool(stack.settings.get("ALC_APP_DATABASE_URL"))
        self._databases = ("app",) if self._is_shared else ("app", "inbox")
        self._known: dict[str, list[tuple[str, str, str]]] = {}

    def busy_with(self) -> list[str]:
        """Return what is being done, or is due now."""
        return [*self._under_way(), *self.due_until(time.time() + SOON)]

    def due_until(self, until: float) -> list[str]:
        """Return the columns in which rows are due until then, with their count and the first time."""
        found = []
        for name in self._databases:
            with self._stack.sql(name) as connection:
                for table, column, condition in self._columns(name, connection):
                    query = f"select count(*), min({column}) from {table} where {column} <= :until and {condition}"  # noqa: S608 - our tables
                    count, first = connection.execute(text(query), {"until": until}).one()
                    if count:
                        found.append(f"{count} {table}.{column}, the first in {first - time.time():.0f} s")
        return found

    def let_time_pass(self, seconds: float = DAYS) -> None:
        """Let everything that waits for its time be due now, as if so many seconds had passed."""
        for name in self._databases:
            with self._stack.sql(name) as connection:
                for table, column, condition in self._columns(name, connection):
                    if table not in NOT_OURS:
                        waiting = f"{column} > :now and {column} <= :until and {condition}"
                        change = f"update {table} set {column} = :now where {waiting}"  # noqa: S608 - names of ours
                        now = time.time()
                        connection.execute(text(change), {"now": now, "until": now + seconds})

    def _under_way(self) -> Iterator[str]:
        with self._stack.sql("engine") as connection:
            if count := connection.execute(text(RUNS.format("dbos." if self._is_shared else ""))).scalar_one():
                yield f"{count} runs"
        if waiting := self._alc.deliveries(state="pending"):
            yield f"{len(waiting)} deliveries of ALC"
        if count := messages_of_attio(self._stack):
            yield f"{count} messages of Attio"

    def _columns(self, name: str, connection: Connection) -> Sequence[tuple[str, str, str]]:
        """Return each table with a column of times, and which of its rows count. They are looked up once."""
        if name not in self._known:
            self._known[name] = list(_columns(connection))
        return self._known[name]


def _columns(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield each table with a column of times, and which of its rows count."""
    tables = inspect(connection)
    for table in tables.get_table_names():
        for column in (each["name"] for each in tables.get_columns(table) if each["name"] in TIMES):
            yield table, column, CONDITIONS.get(f"{table}.{column}", "1 = 1")
