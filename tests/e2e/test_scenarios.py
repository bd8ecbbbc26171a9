"""Every scenario of the mock of ALC, run against the app: each ends as its own description says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.people import Effect, User
from tests.support.scenarios import NAMES
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually


@pytest.fixture
def connected(user: User, alc: Alc) -> Iterator[User]:
    """A user with a new connection. After the test, the scenario's faults are cleared."""
    if [webhook["status"] for webhook in alc.webhooks("lead.processed")] != ["active"]:
        user.disconnect_alc()
        eventually(lambda: not alc.webhooks(), what=alc.webhooks)
        user.connect_alc()
    yield user
    alc.clear_faults()


@pytest.mark.parametrize("name", NAMES)
def test_the_app_ends_as_a_correct_one_does(name: str, stack: Stack, connected: User, alc: Alc, attio: Attio) -> None:
    """W12: the CRM's status, the number of leads at ALC, and whether ALC has a webhook of ours are as described."""
    record_id = attio.add_person("Vera Lindqvist", "+442079460090")
    scenario = alc.start_scenario(name, record_id)
    effects = [_take(step, connected, record_id) for step in scenario["person"]]

    def ended() -> bool:
        alc.run_until_idle()
        webhooks = 0 if scenario["person"][-1] == "disconnect" else 1
        if (
            attio.value(record_id, "alc_status") == scenario["crm_status"]
            and len(alc.webhooks("lead.processed")) == webhooks
        ):
            return True
        stack.make_rows_due()
        return False

    eventually(ended, what=lambda: (attio.value(record_id, "alc_status"), alc.webhooks(), effects))
    assert all(fault["struck"] and not fault["left"] for fault in alc.faults()), alc.faults()
    assert len(alc.leads(record_id)) == scenario["leads"]
    history = attio.history(record_id, "alc_status")
    assert len(history) == len(set(history)), "No status is written twice."


def _take(step: str, user: User, record_id: str) -> list[Effect]:
    """Do what the user does in the scenario: press Send, Disconnect or Connect."""
    if step == "send":
        return user.click_send(record_id)
    if step == "disconnect":
        user.disconnect_alc()
    elif step == "reconnect" or not user.is_connected():
        user.connect_alc()
    return []
