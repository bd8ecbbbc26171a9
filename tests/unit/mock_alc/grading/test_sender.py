"""`mock-alc grade-sender`: ALC's own sender gets full marks, and careless senders the reason why not."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests

from mock_alc.double.serving import LocalServer
from mock_alc.grading.recording_receiver import PLANS, RecordingReceiver
from mock_alc.grading.report import Report
from mock_alc.grading.sender import grade_sender
from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.signing.signatures import signed_headers
from mock_alc.testing.alc import Alc
from tests.support.waiting import PATIENCE, eventually

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Clock:
    """Stands still until a test moves it."""

    now = 1_614_265_330.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the receiver."""
    return Clock()


@pytest.fixture
def receiver(clock: Clock) -> RecordingReceiver:
    """A new receiver with that clock."""
    return RecordingReceiver(clock)


def failures(report: Report) -> dict[str, str]:
    """What failed, and why."""
    return {result.name: result.complaint for result in report.failed}


def test_alc_gets_full_marks(mock_alc_factory: Callable[..., Alc]) -> None:
    """Six leads, one after another, through all plans of the receiver. In real time: Retry-After is obeyed."""
    alc, receiver = mock_alc_factory(retry_schedule=(0, 0.1, 0.1), delivery_timeout=0.5), RecordingReceiver(patience=10)
    alc.register_webhook(f"{alc.serve(receiver.app)}/hook", secret=SECRET)
    for number in range(len(PLANS)):
        alc.decide(alc.send_lead(recordId=str(number)))
        eventually(lambda: all(message.finished for message in receiver.messages.values()))

    report = grade_sender(receiver, SECRET, "ALC")
    assert report.full_marks, str(report)


def send(receiver: RecordingReceiver, name: str, clock: Clock, **changes: Any) -> int:
    """Send one attempt that is right but for the changes; returns the answer."""
    body = changes.get("body", b'{"event":"lead.processed"}')
    headers = signed_headers(
        STANDARD_WEBHOOKS, [changes.get("secret", SECRET)], name, int(changes.get("at", clock.now)), body
    )
    whole = {"Content-Type": "application/json", **headers, **changes.get("headers", {})}
    return receiver.app.test_client().post(changes.get("path", "/hook"), data=body, headers=whole).status_code


def send_now(receiver: RecordingReceiver, number: int) -> None:
    """Send one message without a signature, to reach the plan of the next one."""
    receiver.app.test_client().post("/hook", headers={"webhook-id": f"msg_{number}"})


def test_the_six_messages_meet_six_fates(receiver: RecordingReceiver, clock: Clock) -> None:
    """And all but the last are taken the second time."""
    first = [send(receiver, f"msg_{number}", clock) for number in range(6)]
    assert first == [200, 500, 503, 307, 503, 410]
    assert [send(receiver, f"msg_{number}", clock) for number in range(1, 6)] == [200, 200, 200, 200, 410]


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({"secret": "whsec_" + "B" * 32}, "signed", "in any known way"),
        ({"at": 1_614_265_330 - 900}, "signed", "old"),
        ({"headers": {"webhook-signature": "!!!"}}, "signed", "no readable signature"),
        ({"headers": {"Content-Type": "text/plain"}}, "json", "text/plain"),
        ({"body": b"[]"}, "bodies", "not a JSON object"),
    ],
)
def test_careless_attempts_are_named(
    receiver: RecordingReceiver, clock: Clock, changes: dict[str, Any], check: str, words: str
) -> None:
    """One careless attempt is enough."""
    send(receiver, "msg_1", clock, **changes)
    assert words in failures(grade_sender(receiver, SECRET, "x"))[check]


def test_a_sender_that_never_comes_again_is_told_so(receiver: RecordingReceiver, clock: Clock) -> None:
    """A check that could not be made does not fail."""
    for name in ("msg_1", "msg_2"):
        send(receiver, name, clock)
    report = grade_sender(receiver, SECRET, "x")
    assert set(failures(report)) == {"retries"}
    assert not report.full_marks
    assert {result.name for result in report.results if result.outcome == "not seen"} >= {"gone", "retry_after"}


def test_hasty_and_forgetful_retries_are_named(receiver: RecordingReceiver, clock: Clock) -> None:
    """Other bytes under the same id, before the time, to where a redirect led, and after 410."""
    for number in range(7):
        send(receiver, f"msg_{number}", clock)
    send(receiver, "msg_4", clock)
    send(receiver, "msg_1", clock, body=b'{"event":"other"}')
    send(receiver, "msg_3", clock, path="/elsewhere")
    clock.now += 1
    send(receiver, "msg_2", clock)
    found = failures(grade_sender(receiver, SECRET, "x"))
    assert set(found) == {"same_bytes", "retry_after", "redirects", "gone"}


@pytest.mark.parametrize(("gives_up_after", "words"), [(0.2, "did not retry"), (5, "still waiting after 0.5")])
def test_a_sender_that_is_never_answered_must_give_up_and_come_again(gives_up_after: float, words: str) -> None:
    """In real time: the receiver holds the connection open, and sees when the sender ends it."""
    receiver = RecordingReceiver(patience=0.5)
    for number in range(4):
        send_now(receiver, number)
    served = LocalServer(receiver.app)
    try:
        with suppress(requests.ReadTimeout):
            requests.post(f"{served.url}/hook", headers={"webhook-id": "silent"}, timeout=gives_up_after)
        eventually(lambda: receiver.messages["silent"].waited is not None)
    finally:
        served.close()
    assert words in failures(grade_sender(receiver, SECRET, "x"))["timeout"]


def test_a_retry_with_an_old_timestamp_is_named(receiver: RecordingReceiver, clock: Clock) -> None:
    """A receiver that checks timestamps would refuse it."""
    send(receiver, "msg_0", clock)
    send(receiver, "msg_1", clock)
    clock.now += 60
    send(receiver, "msg_1", clock, at=clock.now - 60)
    assert set(failures(grade_sender(receiver, SECRET, "x"))) == {"fresh_retries"}


def test_the_command_reports_what_it_was_sent() -> None:
    """In a process of its own, ended by its time."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "mock_alc", "grade-sender", "--secret", SECRET, "--seconds", "4", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        url = next(word for word in process.stderr.readline().split() if word.startswith("http")).rstrip(",")
        assert requests.post(url, json={"event": "x"}, timeout=PATIENCE).status_code == 200
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    report = json.loads(output)
    [signed] = [result for result in report["results"] if result["name"] == "signed"]
    assert "webhook-id is missing" in signed["complaint"]
