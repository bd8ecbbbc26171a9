"""The settings in effect: what a user of the workspace has set, or else the default. Read at each use, never copied.

Not steps: some are read before there is a run, and a run that continues after a crash uses what is set by then.
"""

from datetime import timedelta

from alc_app.attio.host.context import current
from alc_app.attio.settings import get_settings
from alc_app.settings.schema import schema

DEFAULT_DAYS_TO_WAIT = 14


def send_new_people() -> bool:
    """Tell whether new people in the CRM are sent automatically. Default: `ALC_APP_SEND_NEW_PEOPLE`."""
    value: bool | None = get_settings(schema, "send_new_people")
    return current().settings.send_new_people if value is None else value


def add_unknown_prospects() -> bool:
    """Tell whether a person whom ALC knows and this app has not sent is added to the CRM, as seed 000 does."""
    value: bool | None = get_settings(schema, "add_unknown_prospects")
    return True if value is None else value


def days_to_wait() -> float:
    """Return for how many days a workflow waits for ALC's verdict."""
    days: float | None = get_settings(schema, "days_to_wait")
    return DEFAULT_DAYS_TO_WAIT if days is None else days


def time_to_wait() -> timedelta:
    """Return `days_to_wait` as a timedelta."""
    return timedelta(days=days_to_wait())


def strict_removal() -> bool:
    """Tell whether a connection is kept when ALC cannot be told that it is removed. Default: `ALC_APP_REMOVAL`."""
    value: bool | None = get_settings(schema, "strict_removal")
    return current().settings.strict_removal if value is None else value
