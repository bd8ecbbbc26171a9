"""The tutorial page in a browser: it follows what happens, and shows any step."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from alc_app.pages import ConnectionView
from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.scripted_actions import DONE, Stage
from tests.support.fakes.workspace import CONNECTED, FakeWorkspace, record_id

Open = Callable[[str], Page]
TOAST = {"effect": "showToast", "id": "t", "title": "Successfully sent to ALC!", "variant": "success"}


def eyebrow(page: Page) -> str:
    return page.locator(".eyebrow [data-slot=id]").inner_text()


def test_a_step_that_is_done_for_somebody_is_ticked_off(open_page: Open) -> None:
    """Usage 2: the page moves to the next step by itself, and shows the fact."""
    page = open_page("/tutorial")
    expect(page.get_by_role("heading", name="User views the record page.")).to_be_visible()

    page.get_by_role("button", name="Do it for me").click()

    expect(page.get_by_role("heading", name="User clicks button.")).to_be_visible()
    expect(page.locator("li[data-slug=usage-2]")).to_have_attribute("data-state", "done")
    expect(page.locator("li[data-slug=usage-2]")).to_contain_text("You opened a person's page.")
    expect(page.locator("[data-code=ours]")).to_contain_text('label="Send to ALC"')


def test_the_action_runs_on_the_tutorials_page_with_its_toasts(open_page: Open, stage: Stage) -> None:
    """Usage 3: it is the action of the record page."""
    stage.script = (TOAST, DONE)
    page = open_page("/tutorial?step=usage-3")

    page.get_by_role("button", name="Do it for me").click()

    expect(page.get_by_text("Successfully sent to ALC!")).to_be_visible()
    assert stage.clicks == [f"{record_id(1)} send-to-alc"]


def test_any_step_can_be_looked_at_and_the_way_back_is_there(open_page: Open) -> None:
    """By mouse and keyboard, without a reload; the URL names the step."""
    page = open_page("/tutorial")
    page.evaluate("window.same = true")

    page.get_by_role("link", name=re.compile("Removal 2")).click()
    expect(page.get_by_role("heading", name="For each handler, tell ALC to stop calling it.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Removal 2"))).to_have_attribute("aria-current", "step")
    expect(page).to_have_url(re.compile("step=removal-2"))

    page.get_by_role("link", name="Next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Delete the webhook from Attio.")).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_be_hidden()

    page.get_by_role("link", name="Go to the current step").click()
    expect(page.get_by_role("heading", name="User views the record page.")).to_be_visible()
    assert page.evaluate("window.same"), "no reload"


def test_what_cannot_be_done_for_somebody_is_said(
    open_page: Open, workspace: FakeWorkspace, console: list[str]
) -> None:
    """The page stays as it was: the step can be done by hand."""
    workspace.view = ConnectionView("none")
    workspace.alc_is_away = True
    page = open_page("/tutorial?step=installation-3")

    page.get_by_role("button", name="Do it for me").click()

    expect(page.get_by_text("The app could not do this for you")).to_be_visible()
    expect(page.locator("#step [aria-busy=true]")).to_have_count(0)
    console.clear()


def test_the_end_is_celebrated_and_starting_over_is_asked_first(open_page: Open, workspace: FakeWorkspace) -> None:
    """Escape keeps the progress."""
    workspace.view = CONNECTED
    body = '{"data": {"values": {"alc_status": "Complete"}}}'
    patch = ("Webhook", "Attio API", "PATCH /v2/objects/people/records/1")
    workspace.exchanges.add_call(*patch, "200 OK", request={"body": body})
    page = open_page("/tutorial")
    expect(page.get_by_text("One click, one chat, one result")).to_be_visible()

    page.get_by_role("button", name="Start over").click()
    page.keyboard.press("Escape")
    assert workspace.exchanges.messages[-1]["label"] == "200 OK"
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Start over").click()
    expect(page.get_by_text("One click, one chat, one result")).to_be_hidden()


def test_the_strip_goes_along_on_other_pages(open_page: Open, workspace: FakeWorkspace) -> None:
    """Opening the record page does Usage 2; the strip there names the next step."""
    open_page("/tutorial").close()
    page = open_page(f"/people/{record_id(1)}")
    strip = page.get_by_role("region", name="Tutorial")
    expect(strip).to_contain_text("Step 10 of 24 Press Send to ALC")
    assert page.get_by_role("button", name="Send to ALC").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    assert_accessible_in_both_themes(page)

    workspace.exchanges.note("Clicks button")
    page.evaluate(
        "detail => document.dispatchEvent(new CustomEvent('alc:exchange', { detail }))",
        workspace.exchanges.messages[-1],
    )
    expect(strip).to_contain_text("✓ You pressed")

    strip.get_by_role("link", name="Show step 11").click()
    expect(page.get_by_role("heading", name=re.compile("onTrigger"))).to_be_visible()
