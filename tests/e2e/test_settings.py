"""What a user saves on the settings page applies at once in every process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

DEFAULTS = {"do": "defaults"}


@pytest.fixture
def settled(user: User) -> Iterator[User]:
    """A connected workspace. After the test, its settings are restored."""
    yield user
    user.change_settings(**DEFAULTS)


def is_asked_for(attio: Attio, event_type: str) -> bool:
    """Return whether Attio has a subscription to this event."""
    return any(one["event_type"] == event_type for hook in attio.webhooks() for one in hook["subscriptions"])


def test_new_people_are_sent_from_the_moment_that_a_person_wants_it(settled: User, alc: Alc, attio: Attio) -> None:
    """Off, on and off again: the web process saves the setting, and the worker uses it."""
    before = attio.add_person("Noor Haddad", "+442079460061")

    page = settled.change_settings(send_new_people="true")
    assert "Saved. Send new people automatically: on." in page.text
    eventually(lambda: is_asked_for(attio, "record.created"), what=attio.webhooks)
    record_id = attio.add_person("Sam Okafor", "+442079460062")
    settled.wait_for_status(record_id, "Pending")

    page = settled.change_settings(send_new_people=None)
    assert "Saved. Send new people automatically: off." in page.text
    eventually(lambda: not is_asked_for(attio, "record.created"), what=attio.webhooks)
    after = attio.add_person("Ida Holm", "+442079460063")
    last = attio.add_person("Max Lind", "+442079460064")
    attio.write(last, alc_status="Requested")  # Attio's event about this person comes last
    settled.wait_for_status(last, "Pending")
    assert [len(alc.leads(one)) for one in (before, record_id, after, last)] == [0, 1, 0, 1]


def test_a_connection_stays_while_alc_is_down_if_a_person_wants_it_so(stack: Stack, settled: User) -> None:
    """C12: `ALC_APP_REMOVAL` is only the default; the next Disconnect uses the value of the page."""
    settled.change_settings(strict_removal="true")
    stack.alc.stop()
    try:
        page = settled.disconnect_alc()
        assert "could not be disconnected, because ALC could not be told" in page.text
        assert settled.is_connected()
    finally:
        stack.alc.start()
