"""The promises of the Hypothesis machine notice what they are there for; otherwise its silence would prove nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chaos.machine import Machine
from tests.support.chaos.world import World, world
from tests.support.fakes.peers_alc import AlcLead
from tests.support.fakes.peers_attio import Person


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An installation; beginning it anew is quicker than making one."""
    with world(Path(tmp_path_factory.mktemp("world"))) as it:
        yield it


@pytest.fixture
def machine(one_world: World) -> Machine:
    """A machine that has sent one person, of four; nothing is wrong yet."""
    machine = Machine(one_world, Counter())
    machine.what_always_holds()
    return machine


def someone(machine: Machine) -> Person:
    """The person who was sent."""
    return machine.attio.there()[-1]


def start_chat(machine: Machine, person: Person, key: str = "another key") -> AlcLead:
    """Start a chat at ALC, as an app would that sends by itself."""
    token = machine.alc.authorization.grants[-1].access
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    body = {"recordId": person.id, "name": person.name, "phoneNumber": person.phone_numbers[0]}
    assert machine.peers.call("POST", "https://alc.test/api/v1/leads", headers, body).status == 201
    return machine.alc.leads[key]


def write(machine: Machine, person: Person, status: str, lead: AlcLead | None) -> None:
    """Write a record, as the app does."""
    values = {"alc_status": status, "alc_lead_id": lead and lead.id, "alc_interest": lead and lead.interest}
    url = f"https://attio.test/v2/objects/people/records/{person.id}"
    assert machine.peers.call("PATCH", url, {}, {"data": {"values": values}}).status == 200


def first_lead(machine: Machine) -> AlcLead:
    """The chat with the person who was sent."""
    return next(iter(machine.alc.leads.values()))


def test_a_second_chat_with_one_person_is_noticed(machine: Machine) -> None:
    """I1: somebody has clicked twice, and ALC got two leads."""
    machine.promises.intents.note("click", someone(machine).id, machine.world.clock.moment())
    start_chat(machine, someone(machine))

    with pytest.raises(AssertionError, match="I1: ALC chats with one person as lead_1 and lead_2"):
        machine.what_always_holds()


def test_a_chat_that_nobody_wanted_is_noticed(machine: Machine) -> None:
    """I1: the first chat is over, and the click that began it cannot begin another."""
    machine.decide(lead=0, verdict=("Complete", "interested"), heard=True)
    start_chat(machine, someone(machine))

    with pytest.raises(AssertionError, match="I1: nobody wanted the chat lead_2"):
        machine.what_always_holds()


@pytest.mark.parametrize("heard", [False, True])
def test_a_second_chat_after_a_merge_is_noticed_once_we_know(machine: Machine, heard: bool) -> None:
    """I1: until Attio has told us of the merge, the new record may be anybody's."""
    machine.merge(primary=0, secondary=1, heard=heard)
    machine.what_always_holds()
    machine.promises.intents.note("click", someone(machine).id, machine.world.clock.moment())
    start_chat(machine, someone(machine))

    if heard:
        with pytest.raises(AssertionError, match="I1: ALC chats with one person as lead_1 and lead_2"):
            machine.what_always_holds()
    else:
        machine.what_always_holds()


def test_a_record_that_goes_back_is_noticed(machine: Machine) -> None:
    """I4: from the verdict to Pending of the same lead (C4, R16)."""
    machine.decide(lead=0, verdict=("Complete", "interested"), heard=True)
    write(machine, someone(machine), "Pending", first_lead(machine))

    with pytest.raises(AssertionError, match="went back from a verdict on lead_1"):
        machine.what_always_holds()


@pytest.mark.parametrize("status", ["Complete", "Sending"])
def test_a_status_that_is_not_so_is_noticed(machine: Machine, status: str) -> None:
    """I4: a verdict that ALC never gave, or a status that does not exist."""
    write(machine, someone(machine), status, first_lead(machine))

    with pytest.raises(AssertionError, match="was made to say"):
        machine.what_always_holds()


def test_a_record_that_stays_behind_is_noticed(machine: Machine) -> None:
    """I4: ALC has decided, and the record says Pending although nothing is due."""
    machine.alc.decide(first_lead(machine), "Failed", "no_answer")

    with pytest.raises(AssertionError, match=r"I4: .* says \('Pending', 'lead_1', None\)"):
        machine.promises.hold_when_connected(examined=False)


def test_a_request_that_nobody_answers_is_noticed(machine: Machine) -> None:
    """I4: neither Pending nor Failed."""
    machine.request(person=1, trouble=None, heard=False)

    with pytest.raises(AssertionError, match="has been requested, and nobody has answered"):
        machine.promises.hold_when_connected(examined=False)


def test_a_webhook_that_is_missing_is_noticed(machine: Machine) -> None:
    """I2: a connected app that ALC no longer calls."""
    machine.alc.webhooks.clear()

    with pytest.raises(AssertionError, match="I2: ALC tells us of"):
        machine.promises.hold_when_connected(examined=True)


def test_what_is_left_of_a_connection_is_noticed(machine: Machine) -> None:
    """I2, I5: webhooks and a live token, after a disconnect that has forgotten them."""
    with pytest.raises(AssertionError, match=r"(?s)I2: .*I5: "):
        machine.promises.hold_when_removed()


def test_a_new_person_of_the_apps_own_is_noticed(machine: Machine) -> None:
    """What ALC learns of a person is no reason to add one to the CRM."""
    machine.attio.made_by_app.append("somebody")

    with pytest.raises(AssertionError, match="Nobody asked for a new person"):
        machine.what_always_holds()
