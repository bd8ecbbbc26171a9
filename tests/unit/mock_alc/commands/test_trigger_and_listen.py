"""`mock-alc trigger` and `listen`, beside a running mock."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_alc.commands.cli import main
from mock_alc.control.deliveries import PAGE
from mock_alc.server import MockAlc
from mock_alc.testing.alc import Alc
from tests.unit.mock_alc.support import Receiver


@pytest.fixture(scope="module")
def one_mock() -> Iterator[MockAlc]:
    """One mock for all tests."""
    with MockAlc() as mock:
        yield mock


@pytest.fixture
def running(one_mock: MockAlc) -> MockAlc:
    """A mock with the control API on, and empty."""
    Alc(one_mock.app).reset()
    return one_mock


def run(running: MockAlc, *arguments: str) -> Result:
    """Run one command against it."""
    return CliRunner().invoke(main, [*arguments, "--url", running.url], env={"COLUMNS": "200"})


def test_a_lead_is_made_and_decided_and_the_answer_is_shown(running: MockAlc, receiver: Receiver) -> None:
    """One command creates a lead, decides it and delivers the verdict."""
    Alc(running.app).register_webhook(receiver.url())
    found = run(running, "trigger", "lead.processed", "--record-id", "42", "--interest", "no_answer")
    assert found.exit_code == 0, found.output
    assert "lead.processed" in found.output and "200" in found.output
    [delivered] = receiver.received
    assert json.loads(delivered.body)["record_id"] == "42"
    assert json.loads(delivered.body)["interest"] == "no_answer"


def test_a_lead_that_the_agent_is_at_is_the_one_that_is_decided(running: MockAlc, receiver: Receiver) -> None:
    """Found by its record, so that the event is about a lead that the app sent."""
    alc = Alc(running.app)
    alc.register_webhook(receiver.url())
    lead = alc.send_lead(recordId="7")
    run(running, "trigger", "lead.processed", "--record-id", "7")
    assert [one["id"] for one in alc.leads()] == [lead["id"]]


def test_the_other_events_are_sent_too(running: MockAlc, receiver: Receiver) -> None:
    """A prospect, and a test to every webhook."""
    Alc(running.app).register_webhook(receiver.url(), "prospect.updated")
    assert run(running, "trigger", "prospect.updated", "--email", "new@example.com").exit_code == 0
    assert run(running, "trigger", "webhook.test").exit_code == 0
    assert [json.loads(one.body)["event"] for one in receiver.received] == ["prospect_updated", "webhook.test"]


def test_a_prospect_is_named_by_its_lead(running: MockAlc, receiver: Receiver) -> None:
    """As the agent does: the last lead of the record, under the lead's own name."""
    alc = Alc(running.app)
    alc.register_webhook(receiver.url(), "prospect.updated")
    alc.send_lead(recordId="42", name="Grace Hopper")
    lead = alc.send_lead(recordId="42", name="Grace Hopper")
    alc.send_lead(recordId="43", name="Jean Bartik")
    found = run(running, "trigger", "prospect.updated", "--record-id", "42", "--email", "new@example.com")
    assert found.exit_code == 0, found.output
    assert f"lead {lead['id']}: Grace Hopper, record 42." in found.output
    data = {"prospectId": lead["id"], "prospectName": "Grace Hopper", "prospectEmail": "new@example.com"}
    assert json.loads(receiver.received[-1].body)["data"] == data


def test_a_prospect_without_a_record_is_that_of_the_last_lead(running: MockAlc, receiver: Receiver) -> None:
    """The output says which; a lead that the mock does not have is refused, and without any, one is made."""
    alc = Alc(running.app)
    alc.register_webhook(receiver.url(), "prospect.updated")
    first = run(running, "trigger", "prospect.updated").output
    [made] = alc.leads()
    assert f"lead {made['id']}: Ada Lovelace, record 1." in first
    lead = alc.send_lead(recordId="7", name="Grace Hopper")
    assert f"lead {lead['id']}" in run(running, "trigger", "prospect.updated", "--name", "Grace M. Hopper").output
    sent = [json.loads(one.body)["data"] for one in receiver.received]
    assert [one["prospectId"] for one in sent] == [made["id"], lead["id"]]
    assert sent[1]["prospectName"] == "Grace M. Hopper"
    refused = run(running, "trigger", "prospect.updated", "--lead-id", "lead_nobody")
    assert (refused.exit_code, "no such lead" in refused.output) == (1, True)


def test_a_refusal_is_told_by_the_exit_code(running: MockAlc, receiver: Receiver) -> None:
    """The output shows the status and the time of the next attempt."""
    receiver.answer(500)
    Alc(running.app).register_webhook(receiver.url())
    found = run(running, "trigger", "lead.processed")
    assert found.exit_code == 1
    assert "500" in found.output and "next at" in found.output


def test_a_delivery_is_found_after_more_deliveries_than_a_page_has(running: MockAlc, receiver: Receiver) -> None:
    """The control API lists the oldest first, and a page of them is not all."""
    alc = Alc(running.app)
    alc.register_webhook(receiver.url(), "prospect.updated")
    lead = alc.send_lead(recordId="7")
    prospect = {"prospectId": lead["id"], "prospectName": "Ada", "prospectEmail": "ada@example.com"}
    for _ in range(PAGE):
        alc.control("POST", "prospects", prospect)
    alc.control("POST", "clock", {"advance": 0})
    assert len(receiver.received) == PAGE

    found = run(running, "trigger", "prospect.updated")

    assert found.exit_code == 0, found.output
    assert "prospect" in found.output and "200" in found.output


def test_an_event_that_nobody_listens_for_is_told_so(running: MockAlc) -> None:
    """With what to do about it."""
    found = run(running, "trigger", "lead.processed")
    assert found.exit_code == 1
    assert "No webhook listens" in found.output and "mock-alc listen" in found.output


def test_a_mock_that_does_not_run_is_told_so() -> None:
    """Not with a traceback."""
    found = CliRunner().invoke(main, ["listen", "--url", "http://127.0.0.1:9"])
    assert found.exit_code == 1
    assert "mock-alc serve --control" in found.output


def test_a_fault_that_hits_the_command_itself_is_no_missing_mock(running: MockAlc) -> None:
    """The help of `serve` has one set for the route by which `trigger` makes a lead."""
    Alc(running.app).fail_next("POST /api/v1/leads", "drop")
    found = run(running, "trigger", "lead.processed")
    assert found.exit_code == 1
    assert "gave no valid answer to POST /api/v1/leads. A fault may be set" in found.output


def test_listen_shows_what_was_delivered(running: MockAlc, receiver: Receiver) -> None:
    """Each attempt on a line, or as JSON."""
    alc = Alc(running.app)
    alc.register_webhook(receiver.url())
    alc.fail_next("lead.processed", "lost")
    alc.decide(alc.send_lead(recordId="9"))
    alc.wait_until_idle()
    found = run(running, "listen", "--all", "--attempts", "2")
    assert found.exit_code == 0
    assert "attempt 2" in found.output and '"record_id": "9"' in found.output
    lines = run(running, "listen", "--all", "--attempts", "2", "--json").output.splitlines()
    assert [json.loads(line)["attempts"][0]["status"] for line in lines] == [None, 200]


@pytest.mark.parametrize("story", ["happy", "slow_lead", "bad_signature"])
def test_a_lead_that_a_scenario_has_taken_is_left_to_it(running: MockAlc, receiver: Receiver, story: str) -> None:
    """The story is played as it is told, and the command ends well."""
    alc = Alc(running.app)
    alc.register_webhook(receiver.url())
    run(running, "scenario", "run", story, "--no-wait")
    found = run(running, "trigger", "lead.processed", "--record-id", "42")
    assert (found.exit_code, f"The scenario {story} has taken" in found.output) == (0, True), found.output
    alc.wait_until_idle()
    assert [lead["status"] for lead in alc.leads()] == ["Complete"]


@contextmanager
def listening(running: MockAlc, home: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`mock-alc listen` as a process with a home of its own, and the secret that it shows."""
    command = [sys.executable, "-m", "mock_alc", "listen", *options, "--url", running.url]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(home)}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            yield process, process.stderr.readline().split()[-1]
        finally:
            process.kill()  # or a signal that it ignores would keep this test for ever


def test_listen_forwards_while_it_runs(running: MockAlc, receiver: Receiver, tmp_path: Path) -> None:
    """It registers a webhook, shows its secret, and deletes it at the end."""
    options = ["--forward-to", receiver.url(), "--event", "lead.processed", "--attempts", "1"]
    with listening(running, tmp_path, *options) as (process, secret):
        assert process.stdout is not None
        run(running, "trigger", "lead.processed")
        assert "200" in process.stdout.readline()
        assert process.wait(10) == 0
    [delivered] = receiver.received
    assert delivered.signed_by(secret)
    assert run(running, "trigger", "lead.processed").exit_code == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_listen_leaves_no_webhook_behind(
    running: MockAlc, receiver: Receiver, tmp_path: Path, number: signal.Signals
) -> None:
    """Also when its terminal is closed, or a script ends it."""
    with listening(running, tmp_path, "--forward-to", receiver.url()) as (process, _secret):
        process.send_signal(number)
        process.wait(10)
    assert "No webhook listens" in run(running, "trigger", "lead.processed").output


def test_listen_keeps_its_secret_for_the_next_time(running: MockAlc, receiver: Receiver, tmp_path: Path) -> None:
    """A receiver that was set up once goes on working; the file is for its owner only."""
    shown = []
    for _ in range(2):
        with listening(running, tmp_path, "--forward-to", receiver.url()) as (process, secret):
            process.terminate()
            process.wait(10)
        shown.append(secret)
    assert shown[0] == shown[1]
    assert (tmp_path / "mock-alc" / "listen-secret").stat().st_mode & 0o777 == 0o600


def test_listen_signs_with_the_secret_that_it_is_given(running: MockAlc, receiver: Receiver, tmp_path: Path) -> None:
    """A secret that is none is refused with a sentence, before anything is registered."""
    given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with listening(running, tmp_path, "--forward-to", receiver.url(), "--secret", given) as (process, secret):
        process.terminate()
    assert secret == given
    refused = run(running, "listen", "--forward-to", receiver.url(), "--secret", "hunter2")
    assert (refused.exit_code, "is whsec_ followed by" in " ".join(refused.output.split())) == (2, True)
