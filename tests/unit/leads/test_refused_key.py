"""Attio refuses our key while many verdicts arrive: nobody hammers it, and nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chaos.world import World, world

LEADS = 8
MINUTE = 60


@pytest.fixture
def pending(tmp_path: Path) -> Iterator[World]:
    """An installation in virtual time with a number of people whom ALC chats with."""
    with world(tmp_path) as it:
        people = [it.peers.attio.add() for _ in range(LEADS)]
        it.connect()
        it.run_due_work()
        for person in people:
            it.click(person.id)
        yield it


def test_leads_that_wait_for_a_new_key_are_all_written(pending: World, caplog: pytest.LogCaptureFixture) -> None:
    """C5: one call a minute asks for all of them, the log has one alert, and a key that is accepted writes them all."""
    attio, alc = pending.peers.attio, pending.peers.alc
    attio.refuses = "our key"
    for lead in alc.leads.values():
        for message in alc.decide(lead, "Complete", "interested"):
            pending.deliver(message)
    before = _calls_to_attio(pending)

    with caplog.at_level(logging.ERROR):
        _let_pass(pending, minutes=30)

    assert {person.values["alc_status"] for person in attio.there()} == {"Pending"}
    assert _calls_to_attio(pending) - before <= 31
    assert len([line for line in caplog.messages if "does not accept the app's key" in line]) == 1

    attio.refuses = ""
    _let_pass(pending, minutes=60)

    assert len(alc.leads) == LEADS
    assert {person.values["alc_status"] for person in attio.there()} == {"Complete"}


def _calls_to_attio(it: World) -> int:
    return sum(path.startswith("/v2/") for _, path, _, _ in it.peers.calls)


def _let_pass(it: World, minutes: int) -> None:
    for _ in range(minutes):
        it.clock.now += MINUTE
        it.run_due_work()
