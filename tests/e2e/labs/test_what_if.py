"""Every arrow of the live sequence is a lab: what can go wrong with it is offered, and its run is played with that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.laboratory import Laboratory, Line
from tests.support.servers.clients import Alc, Attio
from tests.support.waiting import eventually

SENT = "click.1,verdict.1.interested"
FAULTS = {
    "answer lost": (f"answer.1.lost_after,{SENT}", "The screen showed: Failed to send to ALC. Please try again."),
    "503": (f"answer.1.503,{SENT}", ""),
    "the CRM answers 503": ("click.1,crm_answer.1.503,verdict.1.interested", "The record says now: nothing"),
    "forged": ("click.1,verdict.1.bad_signature", "The forged delivery is answered: 200"),
    "twice": ("click.1.twice,verdict.1.interested", "SMS chats at ALC: 2"),
    "delivered twice": ("click.1,verdict.1.twice", ""),
    "early": (f"next_verdict.1.early,{SENT}", ""),
    "killed here": ("kill.1.in_click,verdict.1.interested", ""),
    "killed after the answer": ("click.1,kill.1.after_verdict", ""),
    "killed at rest": ("kill.1,click.1,verdict.1.interested", ""),
    "connected again": ("disconnect.1,connect.1.503", "Webhooks left at ALC: 1"),
}
"""A fault of each kind, and what the tutorial's code breaks then; nothing, where the fault does not reach it."""
OFFERED = {
    "Clicks button": "click.1.twice,verdict.1.interested",
    "POST request": f"answer.1.lost_after,{SENT}",
    "Calls the app's webhook": "click.1,verdict.1.bad_signature",
    'with ATTIO_API_TOKEN to mark record "Complete"': "click.1,crm_answer.1.503,verdict.1.interested",
}
"""By the words of an arrow: one of the stories that it offers."""


def story(laboratory: Laboratory, reference: str) -> Any:
    """Return the file behind *Save story.json*."""
    return laboratory.user.get(f"/labs/what-if/story.json?story={reference}").json()


def drawn(told: list[Line], side: str) -> list[Line]:
    """Return the messages that a run has drawn of a side."""
    return [line["message"] for line in told if line["event"] == "message" and line["side"] == side]


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_is_played_again_with_a_fault_and_this_app_keeps_every_promise(laboratory: Laboratory, name: str) -> None:
    """Both sides are drawn, and their end states are looked up. Afterwards everything is as it was before."""
    reference, broken = FAULTS[name]

    told = laboratory.play(story(laboratory, reference))

    outcomes = {line["side"]: line["text"] for line in told if line["event"] == "outcome"}
    naive = f"A promise is broken. {broken}" if broken else "Every promise was kept."
    assert outcomes == {"naive": naive, "ours": "Every promise was kept."}, told
    assert drawn(told, "naive") and drawn(told, "ours")
    [differences] = [line for line in told if line["event"] == "differences"]
    for side in ("naive", "ours"):
        assert set(differences[side]) < {message["id"] for message in drawn(told, side)}
    eventually(lambda: not laboratory.left_behind(), what=laboratory.left_behind)
    assert laboratory.user.is_connected()


def test_an_arrow_offers_what_the_mocks_can_do_to_it(laboratory: Laboratory, alc: Alc, attio: Attio) -> None:
    """After a click: each request and each delivery has its own faults, and a toast has none."""
    person = attio.add_person("Ada Lovelace", "+14155550142")
    laboratory.user.click_send(person)
    alc.decide(alc.leads(person)[0]["id"])
    laboratory.user.wait_for_status(person, "Complete")

    run = eventually(lambda: _whole_run(laboratory))

    offered = {message["words"]: _offered(laboratory, message) for message in run if message["kind"] == "call"}
    for words, reference in OFFERED.items():
        assert reference in offered[words], offered[words]
    assert "kill.1.in_click,verdict.1.interested" in offered["POST request"]
    assert not offered["Fires on_trigger()"]


def test_the_tutorials_code_is_left_out_at_a_switch_and_its_calls_are_never_in_the_log(laboratory: Laboratory) -> None:
    """A story on this app alone has no naive line; with it, the log of the live sequence still has this app's calls."""
    laboratory.play(story(laboratory, SENT))
    logged = laboratory.exchanges()
    posted = [each for each in logged if each["label"] == "POST /api/v1/leads" and each["kind"] == "call"]

    alone = laboratory.play(story(laboratory, SENT), sides="ours")

    assert {line["side"] for line in alone if "side" in line} == {"ours"}
    again = [
        each
        for each in laboratory.exchanges()
        if each["id"] > logged[-1]["id"] and each["label"] == "POST /api/v1/leads" and each["kind"] == "call"
    ]
    assert len(posted[-1:]) == len(again) == 1


def test_a_link_that_names_something_unknown_is_refused_in_a_sentence(laboratory: Laboratory) -> None:
    """A link can name only what ALC and the CRM list themselves."""
    page = laboratory.user.get(f"/labs/what-if?story={SENT}")
    assert (page.status_code, "ALC decides on Person 1: interested." in page.text) == (200, True)
    for reference in ("rain.1", "click", "click.1.thrice", "", "click.1,,"):
        refused = laboratory.user.get(f"/labs/what-if?story={reference}")
        assert refused.status_code == 422
        assert "do not know" in refused.text


def _whole_run(laboratory: Laboratory) -> list[Line]:
    """Return the run of the last click when the verdict has been written."""
    messages = laboratory.exchanges()
    trace_id = [each["trace_id"] for each in messages if each["label"] == "Clicks button"][-1]
    run = [each for each in messages if each["trace_id"] == trace_id]
    return run if any(each["words"].endswith('"Complete"') for each in run) else []


def _offered(laboratory: Laboratory, message: Line) -> dict[str, str]:
    choices = laboratory.user.get(f"/labs/what-if.json?message={message['id']}").json()["choices"]
    return {choice["story"]: choice["says"] for choice in choices}
