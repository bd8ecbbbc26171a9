"""Connections to Postgres that end when the other side is gone: it may stand still, or be cut off, without a word.

By default Postgres keeps the locks of such a machine for hours, and everybody else waits for them: one thread after the
other, until all connections of all processes are in use. And a client waits for hours for a server that was cut off.
"""

from __future__ import annotations

import math
import time

from sqlalchemy import URL, Engine, ExceptionContext, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, InternalError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

IDLE_IN_TRANSACTION = 10.0
"""Seconds for which nothing may happen in a transaction. Ours are short, and never span a network call."""
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds of silence until the other machine is asked whether it is there, seconds between two questions, and how many
it may leave without an answer."""
WITHOUT_RECEIPT = 30_000
"""Milliseconds for which what was sent may stay without a receipt. Meanwhile nobody is asked."""
CONNECT_WITH = {"connect_timeout": 10, "tcp_user_timeout": WITHOUT_RECEIPT, **KEEPALIVES}
"""For libpq. The first is seconds."""
LET_GO = "; ".join(
    [
        f"set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION:g}s'",
        f"set tcp_user_timeout = {WITHOUT_RECEIPT}",
        *(f"set tcp_{name} = {value}" for name, value in KEEPALIVES.items()),
    ]
)
UNAVAILABLE_STATES = ("25P03", "25006")
"""Nothing happened in a transaction for too long; the server takes no writes, as after a failover. For psycopg these
are internal errors, and so is a statement after one that has failed, which is a bug of ours."""
PING_AFTER = 1.0
"""Seconds after which a connection is asked, before its use, whether it is still there."""
USED_AT = "alc_app_used_at"


def with_timeouts(url: str) -> URL:
    """Return the address of a database with our timeouts, except where it has its own."""
    given = make_url(url)
    return given.set(query={name: str(value) for name, value in CONNECT_WITH.items()} | dict(given.query))


def let_go_when_cut_off(engine: Engine) -> None:
    """Have Postgres end the sessions of a process that stands still in a transaction, or whose machine is cut off.

    For the process the database is not available then.
    """

    def set_timeouts(connection: DBAPIConnection, _record: object) -> None:
        connection.autocommit = True
        connection.cursor().execute(LET_GO)
        connection.autocommit = False

    event.listen(engine, "connect", set_timeouts)
    event.listen(engine, "handle_error", _as_unavailable, retval=True)


def _as_unavailable(context: ExceptionContext) -> OperationalError | None:
    """Return the error to raise instead, if the database is not available and its error does not say so."""
    error, cause = context.sqlalchemy_exception, context.original_exception
    if not isinstance(error, InternalError) or getattr(cause, "sqlstate", None) not in UNAVAILABLE_STATES:
        return None
    return OperationalError(error.statement, error.params, cause, connection_invalidated=context.is_disconnect)


def ping_idle_connections(engine: Engine) -> None:
    """Have a connection that was not used for a while replaced, if the server has closed it.

    `pool_pre_ping` asks at each use, which costs as much as a small statement. When a server restarts, what uses a
    connection within this while fails once, and is tried again as after any other error.
    """

    def note_use(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[USED_AT] = time.monotonic()

    def ping(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get(USED_AT, math.inf) > PING_AFTER:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool opens another one

    event.listen(engine, "checkin", note_use)
    event.listen(engine, "checkout", ping)
