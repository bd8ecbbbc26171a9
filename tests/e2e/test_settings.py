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
    user.post("/workflows/follow-up/switch", data={"on": "false"})


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


@pytest.mark.parametrize("refusal", ["down", "third"])
def test_a_connection_is_kept_and_works_when_alc_refuses_its_removal_if_a_person_wants_it_so(
    stack: Stack, settled: User, alc: Alc, attio: Attio, refusal: str
) -> None:
    """C12: `ALC_APP_REMOVAL` is only the default; the next Disconnect uses the value of the page.

    Whatever ALC had deleted before it refused is there again: every webhook at its old address, on both sides.
    """
    settled.post("/workflows/follow-up/switch", data={"on": "true"})
    eventually(lambda: len(alc.webhooks()) == 3 and len(attio.webhooks()) == 1, what=alc.webhooks)
    before = urls(alc, attio)
    settled.change_settings(strict_removal="true")
    if refusal == "down":
        stack.alc.stop()
    else:
        alc.add_fault(route="DELETE /api/v1/webhooks/*", answer={"status": 503}, skip=2)

    page = settled.disconnect_alc()
    if refusal == "down":
        stack.alc.start()

    assert "still connected, because ALC did not confirm" in page.text
    assert settled.is_connected()
    eventually(lambda: stack.make_rows_due() or urls(alc, attio) == before, what=lambda: urls(alc, attio))
    record_id = attio.add_person("Noor Haddad", "+442079460065")
    attio.write(record_id, alc_status="Requested")
    settled.wait_for_status(record_id, "Pending")
    alc.decide(alc.leads(record_id)[0]["id"])
    settled.wait_for_status(record_id, "Complete")
    eventually(lambda: tasks_of(attio, record_id) == 1, what=lambda: tasks_of(attio, record_id))
    report = settled.post("/doctor/report", json={}).json()
    assert [check for check in report["checks"] if check["name"] in ("Handlers", "Connection", "Webhooks at ALC")] == [
        {"name": name, "ok": True, "findings": []} for name in ("Connection", "Handlers", "Webhooks at ALC")
    ]


def urls(alc: Alc, attio: Attio) -> list[str]:
    """The URLs that ALC and Attio call, each as often as there is a webhook for it."""
    return sorted([hook["url"] for hook in alc.webhooks()] + [hook["target_url"] for hook in attio.webhooks()])


def tasks_of(attio: Attio, record_id: str) -> int:
    """How many tasks there are about a person: the workflow makes one."""
    return len(attio.call("GET", f"/v2/tasks?linked_object=people&linked_record_id={record_id}"))
