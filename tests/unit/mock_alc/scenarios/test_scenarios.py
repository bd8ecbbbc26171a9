"""Scenarios, over the control API and on the command line."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from mock_alc.commands.cli import main
from mock_alc.scenarios import SCENARIOS
from mock_alc.server import MockAlc
from tests.unit.mock_alc.support import LEAD, Alc, Receiver, person_sends

STATUSES = ("Pending", "Complete", "Failed", None)


@pytest.fixture(scope="module")
def server() -> Iterator[MockAlc]:
    """A mock behind a real socket."""
    with MockAlc() as running:
        yield running


def test_each_scenario_says_what_it_does_and_how_it_ends(alc: Alc) -> None:
    """In sentences for people, and as a status for programs."""
    listed = alc.http.get("/_mock/scenarios").get_json()["scenarios"]
    assert [scenario["name"] for scenario in listed] == list(SCENARIOS)
    for scenario in listed:
        assert scenario["does"].endswith(".") and scenario["ends"].endswith(".")
        assert scenario["crm_status"] in STATUSES
        assert scenario["person"]


def test_a_scenario_takes_the_next_lead_of_its_record_and_no_other(alc: Alc, receiver: Receiver) -> None:
    """A lab uses only its own lead while other leads are processed."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    run = alc.http.post("/_mock/scenarios/contradiction", json={"record_id": "mine"}).get_json()
    alc.send_lead(auth, recordId="other")
    lead = alc.send_lead(auth, recordId="mine")
    assert alc.http.get(f"/_mock/scenarios/runs/{run['id']}").get_json()["lead_id"] == lead["id"]
    alc.send_lead(auth, recordId="mine")  # The next one is an ordinary lead again.
    alc.http.post("/_mock/clock", json={"until": "idle"})

    told = [delivery["body"] for delivery in alc.deliveries() if delivery["body"]["lead_id"] == lead["id"]]
    assert [body["status"] for body in told] == ["Complete", "Failed"]
    assert len(alc.deliveries()) == 4
    assert alc.http.get(f"/api/v1/leads/{lead['id']}", headers=auth).get_json()["status"] == "Failed"


@pytest.mark.parametrize("name", ["slow_lead", "happy"])
def test_a_scenario_keeps_its_promise_for_every_phone_number(alc: Alc, name: str) -> None:
    """A number that ends in 9 never answers an agent, but a scenario says how it ends; the API tells it when it has."""
    auth = alc.auth()
    promised = alc.http.post(f"/_mock/scenarios/{name}", json={}).get_json()["crm_status"]
    lead = alc.send_lead(auth, phoneNumber="+442071838759")
    assert lead["interest"] is None
    alc.http.post("/_mock/clock", json={"until": "idle"})
    now = alc.http.get(f"/api/v1/leads/{lead['id']}", headers=alc.auth()).get_json()
    assert (now["status"], now["interest"]) == (promised, "interested")


def test_a_scenario_can_be_played_to_a_lead_that_is_under_way(alc: Alc, receiver: Receiver) -> None:
    """For a lead that is there already."""
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    lead = alc.send_lead(auth)
    assert alc.http.post("/_mock/scenarios/duplicate", json={"lead_id": lead["id"]}).status_code == 201
    alc.http.post("/_mock/clock", json={"until": "idle"})
    assert len(receiver.received) == 4
    assert alc.http.post("/_mock/scenarios/duplicate", json={"lead_id": lead["id"]}).status_code == 409


def test_a_key_that_was_used_before_takes_no_scenario(alc: Alc) -> None:
    """A21: a replay creates no lead, so the scenario still waits."""
    auth = {**alc.auth(), "Idempotency-Key": "k"}
    alc.http.post("/api/v1/leads", json=LEAD, headers=auth)
    run = alc.http.post("/_mock/scenarios/happy").get_json()
    alc.http.post("/api/v1/leads", json=LEAD, headers=auth)
    assert alc.http.get(f"/_mock/scenarios/runs/{run['id']}").get_json()["lead_id"] is None


def test_an_unknown_scenario_is_answered_with_those_there_are(alc: Alc) -> None:
    """The error says what to do."""
    answer = alc.http.post("/_mock/scenarios/hapy")
    assert answer.status_code == 404
    assert "happy" in answer.get_json()["error"]["message"]


def test_ending_scenarios_ends_their_faults_and_nobody_elses(alc: Alc) -> None:
    """As when a person leaves a lab."""
    alc.http.post("/_mock/faults", json={"delivery": "*", "trouble": "lost"})
    alc.http.post("/_mock/scenarios/early")
    alc.http.delete("/_mock/scenarios")
    assert [fault["trouble"] for fault in alc.http.get("/_mock/faults").get_json()["faults"]] == ["lost"]
    assert alc.http.get("/_mock/scenarios").get_json()["runs"] == []


def test_the_command_lists_and_plays(server: MockAlc, receiver: Receiver) -> None:
    """`mock-alc scenario list` and `run`, against a running mock."""
    server.reset()
    runner = CliRunner()
    listed = runner.invoke(main, ["scenario", "list", "--url", server.url]).output
    assert all(name in listed for name in SCENARIOS)

    receiver.answer(401, 200)
    with person_sends(server.url, receiver.url()):
        played = runner.invoke(main, ["scenario", "run", "tampered_body", "--url", server.url])
    assert played.exit_code == 0, played.output
    for part in ("changed on its way", "send a person", "attempt 1: 401", "attempt 2: 200"):
        assert part in played.output


def test_the_command_says_what_to_do_when_no_mock_listens() -> None:
    """The error says what to do."""
    played = CliRunner().invoke(main, ["scenario", "list", "--url", "http://127.0.0.1:1"])
    assert played.exit_code == 1
    assert "mock-alc serve --control" in played.output
