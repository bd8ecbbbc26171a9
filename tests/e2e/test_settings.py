"""What a person sets on the settings' page holds at once, in every process."""

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
    """A connected workspace, whose settings are as they were when the test has ended."""
    yield user
    user.change_settings(**DEFAULTS)


def is_asked_for(attio: Attio, event_type: str) -> bool:
    """Has Attio been asked to tell of this?"""
    return any(one["event_type"] == event_type for hook in attio.webhooks() for one in hook["subscriptions"])


def test_new_people_are_sent_from_the_moment_that_a_person_wants_it(settled: User, alc: Alc, attio: Attio) -> None:
    """Off, on and off again, in the page alone: the web process saves it, the worker acts by it."""
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
    attio.write(last, alc_status="Requested")  # Attio tells of this one last
    settled.wait_for_status(last, "Pending")
    assert [len(alc.leads(one)) for one in (before, record_id, after, last)] == [0, 1, 0, 1]


def test_a_connection_stays_while_alc_is_down_if_a_person_wants_it_so(stack: Stack, settled: User) -> None:
    """C12: `ALC_APP_REMOVAL` is the default only; the next Disconnect goes by the page."""
    settled.change_settings(strict_removal="true")
    stack.alc.stop()
    try:
        page = settled.disconnect_alc()
        assert "could not be disconnected, because ALC could not be told" in page.text
        assert settled.is_connected()
    finally:
        stack.alc.start()
