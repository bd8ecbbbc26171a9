"""Usage 3-12 in a browser: the effects of a record action, streamed in the response to the click."""

import re
import threading
from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import Page, expect
from pytest_playwright import CreateContextCallback

from alc_app.pages import ConnectionView
from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.scripted_actions import DONE, Line, Stage
from tests.support.fakes.workspace import FakeWorkspace, record_id

Open = Callable[[str], Page]

ADA = f"/people/{record_id(1)}"
PREPARING: Line = {
    "effect": "showToast",
    "id": "t1",
    "title": "Preparing to send to ALC...",
    "variant": "neutral",
    "durationMs": None,
}
HIDE: Line = {"effect": "hideToast", "id": "t1"}
SENT: Line = {"effect": "showToast", "id": "t2", "title": "Successfully sent to ALC!", "variant": "success"}
NO_PHONE: Line = {
    "effect": "alert",
    "title": "No phone number found",
    "text": "Please add a phone number to the person and try again.",
    "okLabel": "OK",
    "resume": "run-1",
}


def test_toasts_come_one_after_the_other_while_the_action_runs(open_page: Open, stage: Stage) -> None:
    """Usage 5, 11, 12: the first toast is shown before the work ends, and the second replaces it."""
    work = threading.Event()
    stage.script = (PREPARING, work, HIDE, SENT, DONE)
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    preparing = page.get_by_text("Preparing to send to ALC...")
    expect(preparing).to_be_visible()
    work.set()
    expect(page.get_by_text("Successfully sent to ALC!")).to_be_visible()
    expect(preparing).to_have_count(0)


def test_a_busy_action_cannot_be_started_again(open_page: Open, stage: Stage) -> None:
    """C1-C3: a second click does nothing in the page (the server checks too); a later one works."""
    work = threading.Event()
    stage.script = (PREPARING, work, HIDE, DONE)
    page = open_page(ADA)
    button = page.get_by_role("button", name="Send to ALC")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    button.click(force=True)
    work.set()
    expect(button).to_have_attribute("aria-busy", "false")
    assert stage.clicks == [f"{record_id(1)} send-to-alc"]


def test_an_alert_waits_for_the_person_and_then_the_action_goes_on(open_page: Open, stage: Stage) -> None:
    """Usage 6: the response ends with the alert, and the next request gets the remaining effects."""
    stage.script = (NO_PHONE,)
    stage.runs["run-1"] = (SENT, DONE)
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    alert = page.get_by_role("alertdialog", name="No phone number found")
    expect(alert).to_contain_text("Please add a phone number to the person and try again.")
    assert stage.answers == []
    page.keyboard.press("Enter")
    expect(page.get_by_text("Successfully sent to ALC!")).to_be_visible()
    assert stage.answers == [None]
    expect(page.get_by_role("button", name="Send to ALC")).to_be_focused()


def test_a_confirmation_is_answered_with_what_was_chosen(open_page: Open, stage: Stage) -> None:
    """The SDK's confirm() has default labels, and returns false if it is closed with Escape."""
    question: Line = {"effect": "confirm", "title": "Send again?", "resume": "run-1"}
    stage.script = (question,)
    stage.runs["run-1"] = (SENT, DONE)
    page = open_page(ADA)
    button, dialog = page.get_by_role("button", name="Send to ALC"), page.get_by_role("alertdialog", name="Send again?")
    for key, answer in (("Enter", True), ("Shift+Tab Enter", False), ("Escape", False)):
        button.click()
        expect(dialog.get_by_role("button", name="OK")).to_be_focused()
        for press in key.split():
            page.keyboard.press(press)
        expect(button).to_have_attribute("aria-busy", "false")
        assert stage.answers[-1] is answer


def test_a_toast_stays_as_long_as_it_says(new_context: CreateContextCallback, stage: Stage) -> None:
    """Four seconds by default, and for ever with null; a toast that has disappeared stays away."""
    keep: Line = {**SENT, "id": "keep", "title": "Kept", "durationMs": None, "dismissable": False}
    late: Line = {"effect": "updateToast", "id": "t2", "title": "Too late"}
    work = threading.Event()
    stage.script = (SENT, keep, work, late, {"effect": "hideToast", "id": "t2"}, DONE)
    page = new_context().new_page()
    page.goto(ADA)
    page.locator("#live[data-state=open]").wait_for(state="attached")
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.get_by_role("button", name="Send to ALC").click()
    expect(page.get_by_text("Kept")).to_be_visible()
    page.clock.run_for(3_900)
    expect(page.get_by_text("Successfully sent to ALC!")).to_be_visible()
    page.clock.run_for(200)
    expect(page.get_by_text("Successfully sent to ALC!")).to_have_count(0)
    work.set()
    expect(page.get_by_role("button", name="Send to ALC")).to_have_attribute("aria-busy", "false")
    page.clock.run_for(60_000)
    expect(page.locator(".toast")).to_have_text("Kept")
    expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)


def test_a_toast_can_be_changed_and_dismissed(open_page: Open, stage: Stage) -> None:
    """updateToast() changes the given fields; the cross closes the toast."""
    change: Line = {"effect": "updateToast", "id": "t1", "text": "ALC is slow today.", "variant": "warning"}
    stage.script = (PREPARING, change, DONE)
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    toast = page.locator(".toast[data-variant=warning]")
    expect(toast).to_contain_text("Preparing to send to ALC...")
    expect(toast).to_contain_text("ALC is slow today.")
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


def connect_first(next_path: str) -> Line:
    """The effect of an action that needs a connection."""
    return {
        "effect": "connect",
        "title": "Connect Acme Lead Checker",
        "text": "Sending needs a connection.",
        "label": "Connect",
        "url": f"/connections/alc/connect?next={quote(next_path)}",
    }


def test_connecting_from_a_record_returns_to_it_and_offers_the_action(
    open_page: Open, workspace: FakeWorkspace, stage: Stage
) -> None:
    """The click is not lost: the button has the focus, one Enter sends, and a reload repeats no offer."""
    workspace.view = ConnectionView("none")
    stage.script = (connect_first(f"{ADA}?offer=send-to-alc"), DONE)
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    page.get_by_role("button", name="Connect", exact=True).click()

    offer = page.get_by_role("region", name="Connected")
    expect(offer).to_contain_text("Send Ada Lovelace now?")
    expect(offer.get_by_role("button", name="Send to ALC")).to_be_focused()
    expect(page).to_have_url(re.compile(f"{ADA}$"))
    assert_accessible_in_both_themes(page)
    stage.script = (DONE,)
    page.keyboard.press("Enter")
    expect(offer).to_have_count(0)
    expect(page.get_by_role("button", name="Send to ALC")).to_have_attribute("aria-busy", "false")
    assert len(stage.clicks) == 2
    page.reload()
    expect(offer).to_have_count(0)


def test_connecting_from_the_table_keeps_the_selection(open_page: Open, workspace: FakeWorkspace, stage: Stage) -> None:
    """The people who were to be sent are still selected after the return."""
    workspace.view = ConnectionView("none")
    stage.script = (connect_first("/people?offer=bulk-send-to-alc"), DONE)
    page = open_page("/people")
    page.get_by_role("checkbox", name="Select Ada Lovelace").click()
    page.get_by_role("toolbar").get_by_role("button", name="Send to ALC").click()
    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_text("Your selection is still here.")).to_be_visible()
    expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("1 selected")


def test_an_action_is_offered_only_with_a_connection(open_page: Open, workspace: FakeWorkspace) -> None:
    """Whoever typed the address is not told that anything is connected."""
    workspace.view = ConnectionView("none")
    page = open_page(f"{ADA}?offer=send-to-alc")
    expect(page.get_by_role("region", name="Connected")).to_have_count(0)


def test_a_reply_that_was_cut_is_said_to_be(open_page: Open, stage: Stage) -> None:
    """A stream without its last line is incomplete."""
    stage.script = (SENT,)
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    failure = page.get_by_role("alert")
    expect(failure).to_contain_text("The action did not finish")
    expect(failure).to_contain_text("check the record before you try again")


def test_a_refusal_is_shown_in_the_servers_words(open_page: Open, stage: Stage, console: list[str]) -> None:
    """U9: the message of a JSON error is shown, here for an action that has timed out."""
    stage.script = (NO_PHONE,)
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    page.get_by_role("button", name="OK", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This action has waited too long for its answer")
    assert "410" in console.pop()


def test_hostile_effects_are_shown_as_text(open_page: Open, stage: Stage) -> None:
    """U2: no text from the server is parsed as HTML, in toasts, alerts or links."""
    evil = "<img src=x onerror=alert(1)>"
    stage.script = (
        {**PREPARING, "title": evil, "text": evil},
        {"effect": "connect", "title": evil, "text": evil, "label": "Go", "url": "https://evil.example/"},
        DONE,
    )
    page = open_page(ADA)
    page.get_by_role("button", name="Send to ALC").click()
    expect(page.get_by_role("alertdialog", name=evil)).to_be_visible()
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_role("button", name="Send to ALC")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".toast p")).to_have_text(evil)
    assert page.url.endswith(ADA)
