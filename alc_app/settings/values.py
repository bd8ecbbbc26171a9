"""What holds now: as a person of the workspace has set it, or else the default. Asked at the moment of use, each time.

Not steps: a delivery is looked at before there is a run, and a run that is continued does what is wanted by then.
"""

from datetime import timedelta

from alc_app.attio.host.context import current
from alc_app.attio.settings import get_settings
from alc_app.settings.schema import schema

DAYS_TO_WAIT = 14


def send_new_people() -> bool:
    """Is everybody sent who is added to the CRM? Default: `ALC_APP_SEND_NEW_PEOPLE`."""
    wanted: bool | None = get_settings(schema, "send_new_people")
    return current().settings.send_new_people if wanted is None else wanted


def days_to_wait() -> float:
    """For how many days a workflow waits for ALC's verdict."""
    days: float | None = get_settings(schema, "days_to_wait")
    return DAYS_TO_WAIT if days is None else days


def time_to_wait() -> timedelta:
    """The same, as a length of time."""
    return timedelta(days=days_to_wait())


def strict_removal() -> bool:
    """Does a connection stay when ALC could not be told that it goes? Default: `ALC_APP_REMOVAL`."""
    wanted: bool | None = get_settings(schema, "strict_removal")
    return current().settings.strict_removal if wanted is None else wanted
