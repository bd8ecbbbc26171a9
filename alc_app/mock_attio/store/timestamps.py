"""Attio's timestamps: ISO 8601 in UTC with nine fractional digits.

They are stored as this text: it sorts by time on every database and needs no conversion when it is shown.
"""

import re
from datetime import UTC, datetime

_LOWEST = "0001-01-01T00:00:00"
_ISO_8601 = re.compile(
    r"(?P<stem>\d{4}(?:-\d\d(?:-\d\d(?:T\d\d(?::\d\d(?::\d\d)?)?)?)?)?)"
    r"(?:\.(?P<fraction>\d{1,9})\d*)?(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


def to_text(moment: datetime) -> str:
    """Return an aware datetime in Attio's format, for example `2023-01-01T15:00:00.000000000Z`."""
    return _with_fraction(moment, f"{moment.microsecond:06}")


def normalise(text: str) -> str:
    """Return an ISO 8601 date or time, as short as a year, in Attio's format; raise ValueError if it is neither."""
    match = _ISO_8601.fullmatch(text.strip().replace(" ", "T"))
    if match is None:
        raise ValueError("This is not an ISO 8601 date or time.")
    stem = match["stem"]
    try:
        moment = datetime.fromisoformat(stem + _LOWEST[len(stem) :] + (match["zone"] or "Z"))
        return _with_fraction(moment, match["fraction"] or "")
    except OverflowError as error:
        raise ValueError("This date is outside the calendar.") from error


def _with_fraction(moment: datetime, digits: str) -> str:
    whole = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return f"{whole.isoformat()}.{digits.ljust(9, '0')}Z"
