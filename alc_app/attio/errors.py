"""The errors of Attio's SDK (docs.attio.com/sdk/server/connections)."""

from __future__ import annotations

from alc_app.attio.host.errors import SerializableError


class AttioError(SerializableError):
    """Base of the errors of Attio's SDK (docs.attio.com/sdk/server/connections)."""


class AttioNoWorkspaceConnectionError(AttioError):
    """The workspace has no connection to the outside service. Left uncaught, the user is asked to connect."""


class AttioConnectionExpiredError(AttioError):
    """The outside service no longer accepts the connection. Left uncaught, the user is asked to reconnect."""
