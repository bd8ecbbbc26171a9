"""What templates write: times."""

from datetime import UTC, datetime

import pytest

from alc_app.clients.alc_events import LeadProcessed
from alc_app.pages.filters import human_time, utc

RECORD = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("9999-12-31T23:59:59-12:00", datetime(9999, 12, 30, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", datetime(1, 1, 2, tzinfo=UTC)),
        ("2026-12-01T12:30:00+02:00", datetime(2026, 12, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_page_can_show_whatever_time_alc_has_sent(written: str, shown: datetime) -> None:
    """R10: a date in UTC's year 10000 or 0 is valid JSON, and made the person's page a 500 for ever."""
    event = LeadProcessed.parse({"record_id": RECORD, "status": "Complete", "occurred_at": written})
    assert event.occurred_at is not None

    found = utc(event.occurred_at.timestamp())

    assert found == shown
    assert str(shown.year) in human_time(found)


def test_a_usual_time_is_not_touched() -> None:
    """To the microsecond."""
    assert utc(1_796_083_200.25) == datetime.fromtimestamp(1_796_083_200.25, UTC)
