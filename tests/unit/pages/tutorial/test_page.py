"""The tutorial's page: where somebody is, what there is to do, and that there is always a way on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.pages import ConnectionView
from alc_app.pages.tutorial.steps import STEPS, TO_DO
from alc_app.pages.tutorial.tour import Look, StepState
from alc_app.pages.view_models import ConnectionStatus
from tests.support.fakes.workspace import FakeWorkspace, record_id

INVITATION = "Its AI agent chats by SMS, and the result comes back here."


@pytest.fixture
def without_csrf(app: Flask) -> None:
    """What the page's scripts and forms send along is tested on its own."""
    app.config["WTF_CSRF_ENABLED"] = False


def state(browser_client: FlaskClient, step: str = "") -> dict[str, Any]:
    return dict(browser_client.get(f"/tutorial/state.json?step={step}").json)


def connect(workspace: FakeWorkspace) -> None:
    """Installation, as the log tells it."""
    log = workspace.exchanges
    log.note("Clicks to install app")
    log.add("Attio UI", "User", "Prompts to add connection to ALC")
    log.add("User", "ALC", "Logs in (OAuth flow)")
    log.add_call("Attio UI", "Event Handler", "Fires connection_added")
    log.add_call("Event Handler", "Attio Server SDK", "create_webhook_handler()")
    log.add_call("Event Handler", "ALC", "POST /api/v1/webhooks", "201 Created")
    log.add("Attio UI", "User", "Shows app is now installed", kind="answer")


def test_a_stranger_is_asked_to_connect(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Usage 1 has happened: the manifest names the action."""
    workspace.view = ConnectionView("none")

    found = state(browser_client)

    assert (found["current"], found["done"], found["panel"]["deed"]) == ("installation-1", 1, "connect")
    html = unescape(browser_client.get("/tutorial").text)
    for step in STEPS:
        assert step.text in html
    assert 'href="/connections/alc/connect?next=/tutorial"' in html


def test_steps_may_be_done_in_any_order(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """What was seen counts, and the first step that was not is where one is."""
    workspace.view = ConnectionView("none")
    workspace.exchanges.note("Views the record page")
    connect(workspace)
    workspace.view = ConnectionView("active")

    found = state(browser_client)

    assert found["current"] == "usage-3"
    assert found["panel"]["person"] == {"record_id": record_id(1), "name": "Ada Lovelace"}


def test_a_connection_from_before_the_tour_is_no_trap(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Its steps cannot be seen any more: they count, and say how to see them all the same."""
    found = state(browser_client)

    assert found["current"] == "usage-2"
    assert [step["state"] for step in found["steps"][:7]] == ["before"] * 7
    assert "Disconnect" in found["steps"][0]["saw"]


def test_whoever_disconnected_midway_is_asked_to_connect_again(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """The step stays where it is; what it needs first is said."""
    connect(workspace)
    workspace.exchanges.note("Views the record page")
    workspace.view = ConnectionView("none")

    panel = state(browser_client)["panel"]

    assert (panel["slug"], panel["deed"]) == ("usage-3", "connect")
    assert "not connected" in panel["first"]


def test_a_person_whose_lead_is_open_is_passed_over(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """A click would join that lead and send nothing, and its steps would never be seen."""
    workspace.everyone[0] = replace(workspace.everyone[0], alc_status="Pending")

    assert state(browser_client, "usage-3")["panel"]["person"]["name"] != "Ada Lovelace"


def test_nobody_is_chosen_where_people_are_real(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Whom to write to is for the person to say; and nothing is done for anybody."""
    workspace.may_act = False

    assert state(browser_client, "usage-3")["panel"]["person"] is None
    assert "Do it for me" not in browser_client.get("/tutorial?step=usage-3").text


def test_a_crm_that_is_away_leaves_the_tour_standing(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Only the link to a person is less exact."""
    workspace.crm_is_away = True

    assert state(browser_client, "usage-3")["panel"]["person"] is None
    assert browser_client.get("/tutorial?step=usage-3").status_code == 200


@pytest.mark.parametrize("slug", ["", "usage-8", "nothing", "%00", "x" * 3000])
def test_any_address_of_a_step_is_answered(browser_client: FlaskClient, slug: str) -> None:
    """One that is none shows where one is."""
    assert browser_client.get(f"/tutorial?step={slug}").status_code == 200


def test_each_step_shows_both_files(browser_client: FlaskClient) -> None:
    """The tutorial's beside ours, without a script."""
    html = re.sub(r"<[^>]+>", "", browser_client.get("/tutorial?step=usage-8").text)

    assert "send-to-alc.server.ts" in html and "alc_app/send_to_alc_server.py" in html
    assert "JSON.stringify({recordId, name, phoneNumber})" in html.replace("&#34;", '"')


def test_opening_a_record_is_seen(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """Usage 2; a record that does not exist is not."""
    browser_client.get(f"/people/{record_id(99)}")
    assert state(browser_client)["current"] == "usage-2"

    browser_client.get(f"/people/{record_id(1)}")
    assert state(browser_client)["current"] == "usage-3"


@pytest.mark.usefixtures("without_csrf")
def test_starting_over_leads_back_to_the_page(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """The connection stays; what was seen does not count any more."""
    connect(workspace)
    answer = browser_client.post("/tutorial/reset")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/tutorial")
    assert state(browser_client)["steps"][0]["state"] == "before"


@pytest.mark.usefixtures("without_csrf")
def test_signing_in_for_somebody_says_why_it_cannot_be_done(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """In a sentence, for the toast."""
    assert (
        browser_client.post("/tutorial/log-in", json={"location": "http://alc"})
        .json["location"]
        .startswith("/connections")
    )
    workspace.alc_is_away = True
    answer = browser_client.post("/tutorial/log-in", json=[], headers={"Accept": "application/json"})

    assert answer.status_code == 409
    assert "ALC did not answer." in answer.json["error"]["message"]


def test_what_changes_anything_needs_the_csrf_token(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """U1: another site can neither start over nor sign in."""
    for path in ("/tutorial/reset", "/tutorial/log-in", "/tutorial/close"):
        assert browser_client.post(path, json={}).status_code == 400
    assert not workspace.exchanges.messages


@pytest.mark.usefixtures("without_csrf")
def test_the_strip_invites_leads_back_and_can_be_put_away(
    browser_client: FlaskClient, workspace: FakeWorkspace
) -> None:
    """An invitation on the people page alone; the way back everywhere; and nothing for whoever closed it."""
    assert INVITATION in browser_client.get("/people").text
    assert INVITATION not in browser_client.get("/doctor").text

    browser_client.get("/tutorial")
    assert "Show step 9" in browser_client.get("/doctor").text
    browser_client.post("/tutorial/close")
    assert "Show step 9" not in browser_client.get("/doctor").text
    assert INVITATION not in browser_client.get("/people").text


@pytest.mark.parametrize(
    ("status", "link"), [("none", "/connections/alc/connect?next=/tutorial"), ("active", "/tutorial")]
)
def test_the_first_look_has_one_button_that_starts(
    browser_client: FlaskClient, workspace: FakeWorkspace, status: ConnectionStatus, link: str
) -> None:
    """It connects at once, and comes back to the tutorial; if there is a connection, it opens the tutorial."""
    workspace.view = ConnectionView(status)
    html = browser_client.get("/people").text

    strip = html[html.index('<section class="strip"') :].partition("</section>")[0]
    assert re.findall(r'class="button primary" href="([^"]+)"', strip) == [link]


def test_without_a_log_nobody_is_invited(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """In production it is off: the page says so."""
    workspace.notes_exchanges = False

    assert INVITATION not in browser_client.get("/people").text
    assert "ALC_APP_EXCHANGES=on" in browser_client.get("/tutorial").text


def test_a_result_is_said(browser_client: FlaskClient, workspace: FakeWorkspace) -> None:
    """That the record is Complete, as soon as it is."""
    body = '{"data": {"values": {"alc_status": "Complete"}}}'
    patch = ("Webhook", "Attio API", "PATCH /v2/objects/people/records/1")
    workspace.exchanges.add_call(*patch, "200 OK", request={"body": body})

    assert "The record says Complete." in state(browser_client)["milestone"]


@pytest.mark.parametrize(("status", "is_left"), [("none", False), ("removing", True), ("active", True)])
def test_the_end_is_said(status: ConnectionStatus, is_left: bool) -> None:
    """That nothing is left at ALC only if there is no connection: whoever connects again has webhooks again."""
    over = Look([StepState(step, "done", "") for step in STEPS], status).milestone

    assert over.startswith("You have seen all 24 steps.")
    assert ("ALC has no webhook of this app left." in over) is not is_left


def test_the_strip_says_what_to_do_and_when_it_is_over() -> None:
    """By the step's number, from 1 to 24; at the end it leads on."""
    for current in range(len(STEPS)):
        states = [StepState(step, "done" if at < current else "open", "") for at, step in enumerate(STEPS)]
        found = Look(states, "active").strip
        assert found["number"] == f"Step {current + 1} of 24"
        assert (found["slug"], found["text"]) == (STEPS[current].slug, TO_DO[STEPS[current].action])

    over = Look([StepState(step, "done", "") for step in STEPS], "none").strip
    assert (over["number"], over["action"]) == ("Tutorial complete.", "done")


def test_while_the_app_sends_nobody_is_asked_to_click_again() -> None:
    """A step between the click and its answer is running."""
    states = [StepState(step, "running" if step.id == "Usage 8" else "done", "") for step in STEPS]
    found = Look(states, "active").strip
    assert (found["text"], found["action"]) == ("The app is sending.", "")


def test_the_end_leads_on(browser_client: FlaskClient) -> None:
    """Break it, Compare and the inspector; hidden until the last step is done."""
    html = browser_client.get("/tutorial").text
    onward = html[html.index('id="onward"') :].partition("</nav>")[0]

    assert [link for link in ("/labs", "/compare", "/inspector") if f'href="{link}"' in onward] == [
        "/labs",
        "/compare",
        "/inspector",
    ]
    assert " hidden>" in onward.partition("\n")[0]


@pytest.mark.parametrize(
    ("writer", "status", "step", "outrun"),
    [
        ("Webhook", "Complete", "usage-9", True),
        ("Server Function", "Complete", "later-11", True),
        ("Server Function", "Pending", "later-11", False),
    ],
)
def test_a_verdict_that_beats_pending_is_no_trap(
    browser_client: FlaskClient, workspace: FakeWorkspace, writer: str, status: str, step: str, outrun: bool
) -> None:
    """The record is written once then, by whichever comes first; the other step is not waited for."""
    body = json.dumps({"data": {"values": {"alc_status": status}}})
    workspace.exchanges.add_call(
        writer, "Attio API", "PATCH /v2/objects/people/records/1", "200 OK", request={"body": body}
    )

    tour = state(browser_client)
    [found] = [one for one in tour["steps"] if one["slug"] == step]
    assert ("one write" in found["saw"]) is outrun
    assert found["state"] == ("before" if outrun else "open")
    assert tour["milestone"].startswith("The record" if outrun else "")
