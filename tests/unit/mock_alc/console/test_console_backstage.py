"""The console's pages backstage: scenarios, faults, the clock."""

from collections.abc import Callable

import pytest

from mock_alc.console.faults import COMMON
from mock_alc.double.fault import read_fault
from mock_alc.scenarios import SCENARIOS
from tests.unit.mock_alc.support import Alc, Person, hidden_fields

PAGES = ("/scenarios", "/faults", "/clock")


@pytest.fixture
def signed_in(person: Person) -> Person:
    """A person in the console."""
    person.sign_in()
    return person


def press(person: Person, action: str, **fields: str) -> str:
    """Press a button of a page; returns the page afterwards."""
    token = hidden_fields(person.browser.get("/clock"))
    pressed = person.browser.post(action, data=token | fields, follow_redirects=True)
    assert pressed.status_code == 200, pressed.text
    return pressed.text


def test_every_scenario_is_on_the_page_and_can_be_begun(signed_in: Person, alc: Alc) -> None:
    """The page says what the person has to do, and which scenarios run."""
    page = signed_in.browser.get("/scenarios").text
    assert all(scenario.does.replace("'", "&#39;") in page for scenario in SCENARIOS.values())
    assert all(f'action="/scenarios/{name}"' in page for name in SCENARIOS)

    assert "early has started. Now send in your app." in press(signed_in, "/scenarios/early")
    lead = alc.send_lead(alc.auth())
    assert f"/leads/{lead['id']}" in signed_in.browser.get("/scenarios").text

    assert "Running" not in press(signed_in, "/scenarios/end")
    assert alc.http.get("/_mock/faults").get_json() == {"faults": []}


@pytest.mark.parametrize("name", COMMON)
def test_each_common_fault_is_one_that_can_be(name: str) -> None:
    """The page offers only faults that the control API accepts."""
    assert read_fault(COMMON[name].spec)


def test_a_fault_is_set_strikes_and_is_cleared(signed_in: Person, alc: Alc) -> None:
    """The page shows the faults that are set, and how often each will still be applied."""
    assert "No faults are set" in signed_in.browser.get("/faults").text
    assert "3 left" in press(signed_in, "/faults", fault="busy", times="3")
    assert alc.http.post("/api/v1/leads", json={}, headers=alc.auth()).status_code == 429
    page = signed_in.browser.get("/faults").text
    assert "2 left" in page and "applied 1 time<" in page
    assert "Always" in press(signed_in, "/faults", fault="forged", times="")
    newest = alc.http.get("/_mock/faults").get_json()["faults"][-1]["id"]
    assert "Always" not in press(signed_in, "/faults/clear", fault_id=newest)
    assert "No faults are set" in press(signed_in, "/faults/clear")
    token = hidden_fields(signed_in.browser.get("/faults"))
    for odd in ({"fault": "unheard_of"}, {"fault": "busy", "times": "many"}):
        assert signed_in.browser.post("/faults", data=token | odd).status_code == 404


def test_time_passes_at_a_press(signed_in: Person, alc: Alc) -> None:
    """The page shows what is due next, and no longer what has been done."""
    assert "The real time" in signed_in.browser.get("/clock").text
    assert "1 h ahead of the real time" in press(signed_in, "/clock", leap="hour")
    assert alc.http.get("/_mock/clock").get_json()["ahead_by"] == 3_600
    alc.send_lead(alc.auth())
    assert "The agent decides on Ada Lovelace" in signed_in.browser.get("/clock").text
    press(signed_in, "/clock", leap="day")  # And the person is still signed in.
    assert "No work is scheduled." in press(signed_in, "/clock", leap="idle")
    assert alc.http.get("/_mock/clock").get_json()["idle"] is True
    assert "The real time" in press(signed_in, "/clock", leap="real")


def test_time_goes_to_an_instant(signed_in: Person, alc: Alc) -> None:
    """Any instant of this millennium; for anything else the page shows an error and the clock stays."""
    press(signed_in, "/clock", instant="2031-01-02T03:04:00")
    assert alc.http.get("/_mock/clock").get_json()["now"].startswith("2031-01-02T03:04:00")
    for odd in ("", "soon", "0001-01-01T00:00", "3000-01-01T00:00"):
        assert "of this millennium" in press(signed_in, "/clock", instant=odd)


@pytest.mark.parametrize("path", PAGES)
def test_backstage_is_shut_with_the_control_api_and_for_other_machines(
    make_alc: Callable[..., Alc], signed_in: Person, path: str
) -> None:
    """Off by default, and on loopback only."""
    shut = Person(make_alc(control=False).browser())
    shut.sign_in()
    assert shut.browser.get(path).status_code == 404
    assert "Backstage" not in shut.browser.get("/").text
    assert signed_in.browser.get(path, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
