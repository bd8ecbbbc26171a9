"""What the install page says after a redirect. The texts are fixed, so nothing from the address is echoed."""

from dataclasses import dataclass
from typing import Literal, get_args

from .view_models import ConnectionStatus

ANY: tuple[ConnectionStatus, ...] = get_args(ConnectionStatus)
CONNECTED: tuple[ConnectionStatus, ...] = ("connecting", "active")
NOT_CONNECTED: tuple[ConnectionStatus, ...] = ("none", "connecting", "needs_reconnect")


@dataclass(frozen=True)
class Notice:
    """A text, and the statuses of the connection in which it is still true."""

    variant: Literal["success", "warning", "error"]
    text: str
    when: tuple[ConnectionStatus, ...] = NOT_CONNECTED


NOTICES = {
    "connected": Notice("success", "Acme Lead Checker is connected.", CONNECTED),
    "disconnected": Notice(
        "success",
        "Acme Lead Checker is disconnected. It no longer receives leads, and its webhook is removed.",
        ("none", "removing"),
    ),
    "catching_up": Notice(
        "success",
        "ALC is being asked for everything that no webhook has told. What is found is shown on the records.",
        ("active",),
    ),
    "rotating": Notice(
        "success",
        "Each handler that ALC calls has a new signing secret. Deliveries that are signed with the previous one are "
        "accepted for as long as ALC uses it.",
        ("active",),
    ),
    "in_progress": Notice(
        "warning", "This takes longer than usual. It goes on by itself, and this page shows when it is done.", ANY
    ),
    "clean_up_pending": Notice(
        "warning",
        "Acme Lead Checker is disconnected, but ALC could not be told yet. That is tried again until it works.",
        ("none", "removing"),
    ),
    "denied": Notice(
        "warning", "Access was not granted at ALC, so nothing was connected. Connect again to try once more."
    ),
    "failed": Notice(
        "error",
        "ALC and this workspace could not agree on a connection, so nothing was saved. Connect again.",
    ),
    "removal_refused": Notice(
        "error",
        "Acme Lead Checker could not be disconnected, because ALC could not be told. The connection is kept.",
        ("active", "needs_reconnect"),
    ),
    "alc_unreachable": Notice(
        "error", "ALC could not be reached. Check that it is running, then try again in a minute.", ANY
    ),
    "alc_bad_answer": Notice(
        "error",
        "ALC answered, but not as it should. The log has its answer. Check ALC_URL, ALC_CLIENT_ID and "
        "ALC_CLIENT_SECRET, then try again in a minute.",
        ANY,
    ),
    "webhook_refused": Notice(
        "error",
        "ALC did not accept the webhook that reports results, so the connection was undone. Connect again.",
    ),
}


def notice(code: str, status: ConnectionStatus) -> Notice | None:
    """Return the notice with this code, or None if there is none or the connection's status has changed since."""
    known = NOTICES.get(code)
    return known if known and status in known.when else None
