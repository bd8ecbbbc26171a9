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
        "Acme Lead Checker is disconnected. You can no longer send leads, and its webhook is removed.",
        ("none", "removing"),
    ),
    "catching_up": Notice(
        "success",
        "The app is asking ALC for results that no webhook delivered. New results appear on the records.",
        ("active",),
    ),
    "rotating": Notice(
        "success",
        "Each webhook at ALC gets a new signing secret. The app accepts the previous secret until ALC stops using it.",
        ("active",),
    ),
    "in_progress": Notice(
        "warning",
        "This takes longer than usual. It continues in the background, and this page shows when it is done.",
        ANY,
    ),
    "clean_up_pending": Notice(
        "warning",
        "Acme Lead Checker is disconnected, but ALC did not confirm it yet. The app retries until it does.",
        ("none", "removing"),
    ),
    "denied": Notice(
        "warning", "You did not allow access at ALC, so nothing was connected. Press Connect to try again."
    ),
    "failed": Notice(
        "error",
        "ALC did not complete the connection, so nothing was saved. Connect again.",
    ),
    "removal_refused": Notice(
        "error",
        "Acme Lead Checker is still connected, because ALC did not confirm the disconnect.",
        ("active", "needs_reconnect"),
    ),
    "alc_unreachable": Notice(
        "error", "ALC could not be reached. Check that it is running, then try again in a minute.", ANY
    ),
    "alc_busy": Notice("error", "ALC is not available at the moment. Try again in a minute.", ANY),
    "alc_bad_answer": Notice(
        "error",
        "ALC sent an invalid answer, which is in the log. Check ALC_URL, ALC_CLIENT_ID and "
        "ALC_CLIENT_SECRET, then try again in a minute.",
        ANY,
    ),
    "webhook_refused": Notice(
        "error",
        "ALC did not accept the webhook that reports results, so the app undid the connection. Connect again.",
    ),
}


def notice(code: str, status: ConnectionStatus) -> Notice | None:
    """Return the notice with this code, or None if there is none or the connection's status has changed since."""
    known = NOTICES.get(code)
    return known if known and status in known.when else None
