"""The console's page for trouble."""

from collections.abc import Callable

import pytest

from mock_alc.scenarios import SCENARIOS
from tests.unit.mock_alc.support import Alc, Person, hidden_fields


@pytest.fixture
def signed_in(person: Person) -> Person:
    """A person in the console."""
    person.sign_in()
    return person


def press(person: Person, action: str, **fields: str) -> str:
    """Press a button of the page; returns the page afterwards."""
    form = hidden_fields(person.browser.get("/trouble")) | fields
    pressed = person.browser.post(action, data=form, follow_redirects=True)
    assert pressed.status_code == 200, pressed.text
    return pressed.text


def test_every_scenario_is_on_the_page_and_can_be_begun(signed_in: Person, alc: Alc) -> None:
    """Issue 5: from the UI; the page says what to do, and what is under way."""
    page = signed_in.browser.get("/trouble").text
    assert all(scenario.does.replace("'", "&#39;") in page for scenario in SCENARIOS.values())

    begun = press(signed_in, "/trouble/scenarios/early")
    assert "early has begun. Now send in your app." in begun
    assert "POST /api/v1/leads" in begun
    lead = alc.send_lead(alc.auth())
    assert f"/leads/{lead['id']}" in signed_in.browser.get("/trouble").text

    assert "Under way" not in press(signed_in, "/trouble/end")
    assert alc.http.get("/_mock/faults").get_json() == {"faults": []}


def test_time_passes_at_a_press(signed_in: Person, alc: Alc) -> None:
    """Issue 5: virtual time, for people."""
    assert "The real time" in signed_in.browser.get("/trouble").text
    press(signed_in, "/trouble/clock", leap="hour")
    assert alc.http.get("/_mock/clock").get_json()["ahead_by"] == 3_600
    alc.send_lead(alc.auth())
    press(signed_in, "/trouble/clock", leap="day")  # And the person is still signed in.
    press(signed_in, "/trouble/clock", leap="idle")
    assert alc.http.get("/_mock/clock").get_json()["idle"] is True
    assert "The real time" in press(signed_in, "/trouble/clock", leap="real")


def test_the_page_is_shut_with_the_door_and_for_other_machines(make_alc: Callable[..., Alc], signed_in: Person) -> None:
    """Design 4.1: off by default, loopback only."""
    shut = Person(make_alc(control=False).browser())
    shut.sign_in()
    assert shut.browser.get("/trouble").status_code == 404
    assert "Trouble" not in shut.browser.get("/").text
    assert signed_in.browser.get("/trouble", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
