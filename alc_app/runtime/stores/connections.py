"""Store of connections: their state, their sealed tokens, and one token refresh at a time (O12-O17)."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Float, literal_column, or_, update
from sqlmodel import col, select

from alc_app.attio.connections import Connection
from alc_app.attio.errors import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError
from alc_app.attio.host.errors import FetchMustWait
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.http_client import CONNECT_TIMEOUT, TOTAL_TIMEOUT
from alc_app.runtime.oauth_client import OAuthClient, OAuthDenied, OAuthFailed, Tokens
from alc_app.runtime.storage.database import BUSY_TIMEOUT, Database
from alc_app.runtime.storage.event_log import append_event
from alc_app.runtime.storage.sealing import CannotUnseal, Sealer
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.call_limit import LONGEST_WAIT, CallLimit

LEEWAY = 60.0
"""Seconds before its expiry at which a token is refreshed; at most a quarter of its lifetime (O15)."""
REFRESH_WAIT = 20.0
"""Seconds for which a process waits for another one's refresh."""
LEASE_MARGIN = 15.0
REFRESH_LEASE = LONGEST_WAIT + CONNECT_TIMEOUT + TOTAL_TIMEOUT + BUSY_TIMEOUT + LEASE_MARGIN
"""Seconds for which one process alone may refresh a token: longer than one token request and the storing of its result
can take. Two requests with the same refresh token would end the grant at a server that detects reuse (RFC 9700)."""
REMOVAL_RETRY_AFTER = 120.0
"""Seconds after which a removal without a result is run again (I6: no row waits without a due time)."""
ADD_TIMEOUT = 900.0
"""Seconds after which a connection that was never activated is removed."""
LIVE = ("active", "needs_reconnect")
ENDED = ("removed", "given_up")
REFRESHES = "refreshes of tokens"
"""Their name at the limit of calls. There is one at a time anyway; this makes all processes obey a `Retry-After`."""
TOKEN_FIELDS = ("refresh_token", "access_token")
RECONNECT = "ALC no longer accepts the connection. Please reconnect Acme Lead Checker on its page."
KEY_MISSING = (
    "The key for the connection is missing. Restore it (ALC_APP_KEYS, or sealing_key in the home) and restart the "
    "app, or reconnect Acme Lead Checker on its page."
)


class Connections:
    """The store of connections. Tokens leave it only as the `value` of a `Connection`, for one call."""

    def __init__(
        self, database: Database, sealer: Sealer, client: OAuthClient, call_limit: CallLimit, now: Callable[[], float]
    ) -> None:
        """Seal tokens with `sealer`; refresh and revoke them with `client`, within the limit of calls."""
        self._database, self._sealer, self._client, self._now = database, sealer, client, now
        self._call_limit = call_limit

    def add(self, workspace_id: str, tokens: Tokens, connection_id: str = "", connected_by: str | None = None) -> str:
        """Store the tokens of a connection that is being added, and who adds it; return its id."""
        now = self._now()
        row = ConnectionRow(
            id=connection_id or uuid4().hex,
            workspace_id=workspace_id,
            status="adding",
            connected_by=connected_by,
            created_at=now,
            due_at=now + ADD_TIMEOUT,
        )
        self._set_tokens(row, tokens)
        with self._database.transaction() as session:
            session.add(row)
        return row.id

    def exists(self, connection_id: str) -> bool:
        """Return whether there is a connection of this id, in any state."""
        with self._database.reading() as session:
            return session.get(ConnectionRow, connection_id) is not None

    def row(self, connection_id: str) -> ConnectionRow:
        """Return the row of a connection."""
        with self._database.reading() as session:
            return session.get_one(ConnectionRow, connection_id)

    def live(self, workspace_id: str) -> ConnectionRow | None:
        """Return the workspace's connection that is active or needs a reconnect, or None."""
        with self._database.reading() as session:
            mine = (ConnectionRow.workspace_id == workspace_id, col(ConnectionRow.status).in_(LIVE))
            return session.exec(select(ConnectionRow).where(*mine)).first()

    def latest(self, workspace_id: str, status: str) -> ConnectionRow | None:
        """Return the newest connection with this status, or None."""
        query = select(ConnectionRow).where(ConnectionRow.workspace_id == workspace_id, ConnectionRow.status == status)
        with self._database.reading() as session:
            return session.exec(query.order_by(col(ConnectionRow.created_at).desc())).first()

    def failed_removals(self, workspace_id: str) -> list[ConnectionRow]:
        """Return connections whose clean-up at ALC has failed at least once and is still retried."""
        return [row for row in self._with_status(workspace_id, "removing") if row.tries]

    def unfinished(self, workspace_id: str) -> list[ConnectionRow]:
        """Return connections that are being added, removed or completed, or wait for a person to reconnect."""
        found = self._with_status(workspace_id, "adding", "removing", "needs_reconnect", "active")
        return [row for row in found if row.status != "active" or row.due_at]

    def given_up(self, workspace_id: str) -> list[ConnectionRow]:
        """Return connections whose clean-up was given up: it failed for as long as we keep tokens."""
        return self._with_status(workspace_id, "given_up")

    def retry_clean_up(self, connection_id: str) -> None:
        """Retry a clean-up that was given up, with the token of the workspace's current connection."""
        which = (col(ConnectionRow.id) == connection_id, col(ConnectionRow.status) == "given_up")
        values = {"status": "removing", "removing_since": self._now(), "tries": 0, "due_at": self._now()}
        with self._database.transaction() as session:
            session.exec(update(ConnectionRow).where(*which).values(**values))

    def undecryptable(self) -> list[str]:
        """Return the ids of connections whose tokens cannot be unsealed with the configured keys."""
        with self._database.reading() as session:
            rows = session.exec(select(ConnectionRow).where(ConnectionRow.access_token != "")).all()
        return [
            row.id
            for row in rows
            if not all(self._can_unseal(row, field) for field in TOKEN_FIELDS if getattr(row, field))
        ]

    def activate(self, connection_id: str) -> str | None:
        """Make an added connection the live one; return the id of the one it replaces, which is then to be removed.

        Idempotent, because the step may be repeated after a crash. Raises: OAuthFailed, if it was given up meanwhile.
        """
        with self._database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if row.status in LIVE:
                return row.replaced
            if row.status != "adding":
                raise OAuthFailed("The connection was given up before it could be saved. Please connect again.")
            if old := self.live(row.workspace_id):
                old.status, old.due_at, old.removing_since = "removing", self._now() + REMOVAL_RETRY_AFTER, self._now()
                session.flush()  # first, because the unique index allows only one live connection
            row.status, row.why, row.due_at, row.replaced = "active", None, None, old.id if old else None
            return row.replaced

    def usable_id(self, workspace_id: str) -> str:
        """Return the id of the connection that calls may use.

        Raises: AttioNoWorkspaceConnectionError, AttioConnectionExpiredError.
        """
        return self._usable(workspace_id).id

    def usable(self, workspace_id: str) -> Connection:
        """Return the connection that calls may use, with a fresh token. Raises: as `usable_id`."""
        return self._freshen(self._usable(workspace_id))

    def with_fresh_token(self, connection_id: str) -> Connection:
        """Return the connection, with a token that is fresh by our clock. Raises: AttioConnectionExpiredError."""
        return self._freshen(self.row(connection_id))

    def refresh(self, connection_id: str, seen_version: int) -> Connection:
        """Return the connection with new tokens: refresh them, or take those that another process fetched (O12).

        `seen_version` is the token version that the caller found expired. Only one process refreshes at a time; the
        others wait. Raises: AttioConnectionExpiredError, if ALC refuses; the connection then needs a reconnect.
        """
        deadline, token_endpoint = time.monotonic() + REFRESH_WAIT, ""
        while time.monotonic() < deadline:
            row = self.row(connection_id)
            if row.status in ENDED:
                raise AttioNoWorkspaceConnectionError("Acme Lead Checker is no longer connected.")
            if row.token_version != seen_version:
                return Connection(row.id, self._unseal(row, "access_token"))
            if not token_endpoint:  # before the lease, which covers the token request and nothing else
                token_endpoint, deadline = self._token_endpoint(), time.monotonic() + REFRESH_WAIT
            elif self._acquire_refresh_lease(connection_id, seen_version):
                return self._refresh(row, token_endpoint)
            else:
                time.sleep(0.05)  # another process is refreshing
        raise AttioConnectionExpiredError("The connection to ALC is being refreshed. Please try again.")

    def token_version_of(self, connection: Connection) -> int:
        """Return the version of the token in `connection`, or -1 if the stored token is a newer one."""
        row = self.row(connection.id)
        return row.token_version if self._unseal(row, "access_token") == connection.value else -1

    def mark_needs_reconnect(self, connection_id: str, why: str) -> None:
        """Record that ALC refuses an active connection. Sends stop, and the page asks to reconnect."""
        with self._database.transaction() as session:
            mine = (col(ConnectionRow.id) == connection_id, col(ConnectionRow.status) == "active")
            if session.exec(update(ConnectionRow).where(*mine).values(status="needs_reconnect", why=why)).rowcount:
                append_event(session, "connection", {"status": "needs_reconnect"}, self._now())

    def reactivate(self) -> None:
        """Reactivate connections that only lacked their sealing key, if it is back (O19)."""
        locked = (col(ConnectionRow.status) == "needs_reconnect", col(ConnectionRow.why) == KEY_MISSING)
        with self._database.transaction() as session:
            for row in session.exec(select(ConnectionRow).where(*locked)).all():
                if all(self._can_unseal(row, field) for field in TOKEN_FIELDS if getattr(row, field)):
                    row.status, row.why = "active", None
                    append_event(session, "connection", {"status": "active"}, self._now())

    def revoke(self, connection_id: str) -> None:
        """Revoke the tokens at ALC, the refresh token first. Raises: OAuthFailed."""
        row = self.row(connection_id)
        for field in TOKEN_FIELDS:
            if getattr(row, field):
                self._client.revoke(self._unseal(row, field), field)

    def erase(self, connection_id: str, status: str = "removed") -> None:
        """End a connection, as removed or given up: erase its tokens and its username (I5)."""
        with self._database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            row.access_token = row.refresh_token = row.username = ""
            row.status, row.due_at = status, None

    def _usable(self, workspace_id: str) -> ConnectionRow:
        row = self.live(workspace_id)
        if row is None:
            raise AttioNoWorkspaceConnectionError("Acme Lead Checker is not connected.")
        if row.status == "needs_reconnect":
            raise AttioConnectionExpiredError(row.why or RECONNECT)
        return row

    def _freshen(self, row: ConnectionRow) -> Connection:
        if self._now() > row.refresh_at and row.refresh_token:
            return self.refresh(row.id, row.token_version)
        return Connection(row.id, self._unseal(row, "access_token"))

    def _token_endpoint(self) -> str:
        try:
            return self._client.token_endpoint()
        except OAuthFailed as error:
            raise AttioConnectionExpiredError(f"{error.message} Please try again.") from error

    def _acquire_refresh_lease(self, connection_id: str, version: int) -> bool:
        now = literal_column(self._database.now, Float)  # one clock for all machines
        until = col(ConnectionRow.refreshing_until)
        free = or_(until < now, until > now + REFRESH_LEASE)  # by so much if the clock was set back
        mine = (col(ConnectionRow.id) == connection_id, col(ConnectionRow.token_version) == version)
        with self._database.transaction() as session:
            statement = update(ConnectionRow).where(*mine, free)
            return session.exec(statement.values(refreshing_until=now + REFRESH_LEASE)).rowcount == 1

    def _refresh(self, row: ConnectionRow, token_endpoint: str) -> Connection:
        try:
            with self._call_limit.call(REFRESHES):
                tokens = self._client.refresh(self._unseal(row, "refresh_token"), token_endpoint)
        except OAuthDenied as error:
            if self.row(row.id).token_version != row.token_version:  # we stood still, and another process has new ones
                return self.refresh(row.id, row.token_version)
            # The access token is invalid too. With refresh_at=0 every later use fails here, whatever its expiry says.
            self._release_refresh_lease(row.id, refresh_at=0.0)
            self.mark_needs_reconnect(row.id, RECONNECT)
            raise AttioConnectionExpiredError(RECONNECT) from error
        except (OAuthFailed, FetchMustWait) as error:
            if error.retry_after:
                self._call_limit.pause(REFRESHES, error.retry_after)
            self._release_refresh_lease(row.id)
            message = f"{error.message} Please try again."
            raise AttioConnectionExpiredError(message, retry_after=error.retry_after) from error
        failpoint("tokens_refreshed")
        with self._database.transaction() as session:  # both tokens in one commit, before either is used (O14)
            current = session.get_one(ConnectionRow, row.id, with_for_update=True)
            kept = current.status not in ENDED
            if kept:
                self._set_tokens(current, tokens)
                current.token_version, current.refreshing_until = current.token_version + 1, 0
        if not kept:  # removed while ALC was answering, so these must not be kept (I5)
            self._client.revoke(tokens.refresh_token or tokens.access_token, "refresh_token")
            raise AttioNoWorkspaceConnectionError("Acme Lead Checker is no longer connected.")
        return Connection(row.id, tokens.access_token)

    def _release_refresh_lease(self, connection_id: str, **changes: float) -> None:
        which = col(ConnectionRow.id) == connection_id
        with self._database.transaction() as session:
            session.exec(update(ConnectionRow).where(which).values(refreshing_until=0, **changes))

    def _set_tokens(self, row: ConnectionRow, tokens: Tokens) -> None:
        where = f"connection/{row.id}"
        row.access_token = self._sealer.seal(f"{where}/access_token", tokens.access_token)
        row.refresh_token = tokens.refresh_token and self._sealer.seal(f"{where}/refresh_token", tokens.refresh_token)
        row.expires_at, row.scope = tokens.expires_at, tokens.scope
        row.issued_at, row.username = self._now(), tokens.username or row.username
        row.refresh_at = tokens.expires_at - min(LEEWAY, (tokens.expires_at - self._now()) / 4)

    def _with_status(self, workspace_id: str, *statuses: str) -> list[ConnectionRow]:
        mine = (ConnectionRow.workspace_id == workspace_id, col(ConnectionRow.status).in_(statuses))
        with self._database.reading() as session:
            return list(session.exec(select(ConnectionRow).where(*mine).order_by(col(ConnectionRow.created_at))))

    def _can_unseal(self, row: ConnectionRow, field: str) -> bool:
        return self._sealer.can_unseal(f"connection/{row.id}/{field}", getattr(row, field))

    def _unseal(self, row: ConnectionRow, field: str) -> str:
        if row.status in ENDED:  # its tokens are erased
            raise AttioConnectionExpiredError("Acme Lead Checker is no longer connected.")
        try:
            return self._sealer.unseal(f"connection/{row.id}/{field}", getattr(row, field))
        except CannotUnseal as error:
            self.mark_needs_reconnect(row.id, KEY_MISSING)
            raise AttioConnectionExpiredError(KEY_MISSING) from error
