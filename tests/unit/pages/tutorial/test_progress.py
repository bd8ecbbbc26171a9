"""Which steps have happened, and what is said of them: all of it follows from the log of exchanges."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alc_app.attio.host import trace
from alc_app.pages.tutorial.evidence import SENTENCES, sentence
from alc_app.pages.tutorial.progress import BEGINS, Follower, Progress
from alc_app.pages.tutorial.steps import STEPS
from tests.support.fakes.exchanges import FakeExchanges

POST = ("Server Function", "ALC", "POST /api/v1/leads")


@pytest.fixture
def log() -> FakeExchanges:
    return FakeExchanges()


def progress(log: FakeExchanges) -> Progress:
    read = Progress()
    for message in log.messages:
        read.add(message)
    return read


def http(**body: Any) -> dict[str, Any]:
    return {"body": json.dumps(body)}


def test_a_call_is_under_way_until_it_is_answered(log: FakeExchanges) -> None:
    """A step is done when the answer is there, and says what it was."""
    log.add(*POST, call="c1", request=http())
    waiting = progress(log).evidence["Usage 8"]
    assert waiting.running and "waiting for ALC" in sentence("Usage 8", waiting)

    log.add("ALC", "Server Function", "201 Created", kind="answer", call="c1", ms=34.2, response=http(id="lead_1"))

    done = progress(log).evidence["Usage 8"]
    assert done.done
    assert sentence("Usage 8", done) == "ALC answered 201 after 34 ms and created the lead lead_1."


def test_an_error_is_no_step_but_is_told(log: FakeExchanges) -> None:
    """With ALC's own reason."""
    reason = {"response": http(error={"message": "The number is not reachable."})}
    log.add_call(*POST, "422 Unprocessable", failed=True, **reason)

    seen = progress(log).evidence["Usage 8"]

    assert seen.failed and not seen.done
    assert sentence("Usage 8", seen) == "ALC answered 422 Unprocessable. The number is not reachable."


def test_an_error_without_an_answer_is_told_by_its_name(log: FakeExchanges) -> None:
    """A server function that raised, or a connection that broke."""
    log.add_call("Record Action", "Server Function", "Calls send_to_alc()", "raises AlcUnreachable", failed=True)

    assert sentence("Usage 7", progress(log).evidence["Usage 7"]) == "Server Function raised AlcUnreachable."


def test_what_was_seen_stays_seen_when_another_try_fails(log: FakeExchanges) -> None:
    """And a later try that succeeds is what is told."""
    log.add_call(*POST, "201 Created", response=http(id="lead_1"))
    log.add_call(*POST, "503 Unavailable", failed=True, trace_id="t2")
    log.add(*POST, call="open", trace_id="t3")
    assert "lead_1" in sentence("Usage 8", progress(log).evidence["Usage 8"])

    log.add_call(*POST, "201 Created", response=http(id="lead_2"), trace_id="t4")
    assert "lead_2" in sentence("Usage 8", progress(log).evidence["Usage 8"])


def test_a_failure_is_mended_by_the_next_try_of_the_same_run(log: FakeExchanges) -> None:
    """A retry within one durable run has the same trace."""
    log.add_call(*POST, "503 Unavailable", failed=True)
    log.add_call(*POST, "201 Created", response=http(id="lead_1"))

    assert progress(log).evidence["Usage 8"].done


def test_the_app_is_installed_only_when_it_shows_as_installed(log: FakeExchanges) -> None:
    """Installation 4: the redirect alone is not the whole step."""
    log.add("ALC", "Attio UI", "Redirects back with a code", kind="answer")
    assert "Installation 4" not in progress(log).evidence

    log.add("Attio UI", "User", "Shows app is now installed", kind="answer")
    assert progress(log).evidence["Installation 4"].done


def test_a_webhooks_id_is_told_and_not_that_it_was_kept(log: FakeExchanges) -> None:
    """Installation 7 is two messages of one run: the first says most."""
    log.add_call("Event Handler", "ALC", "POST /api/v1/webhooks", "201 Created", response=http(webhook_id="wh_1"))
    log.add_call("Event Handler", "Attio Server SDK", "update_webhook_handler()")

    assert "wh_1" in sentence("Installation 7", progress(log).evidence["Installation 7"])


def test_a_person_without_a_number_is_told(log: FakeExchanges) -> None:
    """Usage 6 has happened; the steps after it have not."""
    log.add_call("Record Action", "GraphQL", "run_query()", returns={"person": {"phone_numbers": []}})

    assert "no phone number" in sentence("Usage 6", progress(log).evidence["Usage 6"])


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"error": "text"}'])
def test_a_strange_answer_never_stops_the_tour(log: FakeExchanges, body: str) -> None:
    """U2: what others send is only read where it is what it should be."""
    log.add_call(*POST, "201 Created", response={"body": body})
    log.add_call("ALC", "Webhook", "Calls the app's webhook", "400", failed=True, request={"body": body}, response=None)

    for step, seen in progress(log).evidence.items():
        assert sentence(step, seen)


def test_every_step_that_the_log_can_name_has_its_sentence() -> None:
    """Usage 1 is not in the log: it is read from the manifest."""
    assert set(SENTENCES) == {step.id for step in STEPS} - {"Usage 1"}


def test_starting_over_forgets_what_was_before(log: FakeExchanges) -> None:
    """A message of the log says from where on a tour counts; there is nothing else to keep."""
    log.note("Views the record page")
    follower = Follower(log.after)
    assert "Usage 2" in follower.evidence()

    follower.begin(log.note)
    assert not follower.evidence()
    log.note("Views the record page")
    assert "Usage 2" in follower.evidence()
    assert "Usage 2" in Follower(log.after).evidence(), "a new process comes to the same"


def test_without_a_log_starting_over_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is noted, so nothing can be read."""
    monkeypatch.setattr("alc_app.pages.tutorial.progress.NOTED_WITHIN", 0.01)
    noted: list[str] = []

    Follower(lambda _: []).begin(noted.append)

    assert noted == [BEGINS]


def test_what_a_lab_does_is_no_step_of_the_tutorial(log: FakeExchanges) -> None:
    """It presses the same button, for a person of its own."""
    trace.begin_rehearsal()
    log.add("User", "Attio UI", "Clicks button", trace_id=trace.trace_id())
    assert not progress(log).evidence

    trace.begin()
    log.add("User", "Attio UI", "Clicks button", trace_id=trace.trace_id())
    assert list(progress(log).evidence) == ["Usage 3"]
