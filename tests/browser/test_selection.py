"""Many people at once: selected by pointer or keyboard, sent by one action, with a reason for each not sent."""

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.scripted_actions import DONE, Line, Stage
from tests.support.fakes.workspace import FakeWorkspace, make_person, record_id

Open = Callable[[str], Page]

BY_AGE = "/people?sort=created_at"
CONFIRM: Line = {
    "effect": "confirm",
    "title": "Send 3 people to ALC?",
    "text": "Each gets an SMS.",
    "confirmLabel": "Send to ALC",
    "resume": "run-1",
}
SENDING: Line = {
    "effect": "showToast",
    "id": "t1",
    "title": "Sending to ALC...",
    "text": "0 of 3",
    "variant": "neutral",
    "durationMs": None,
    "progress": 0,
}
HALFWAY: Line = {"effect": "updateToast", "id": "t1", "text": "2 of 3", "progress": 67}
NOT_SENT: Line = {
    "effect": "alert",
    "title": "2 people not sent to ALC",
    "text": "Ada Lovelace: No phone number found.\nGrace Hopper: ALC refused the number.",
    "resume": "run-2",
}


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page(BY_AGE)


def test_a_selection_grows_by_clicks_and_with_shift_by_ranges(page: Page) -> None:
    """The bar shows the count; the checkbox in the table's head is indeterminate."""
    page.get_by_role("checkbox", name="Select Ada Lovelace").click()
    page.get_by_role("checkbox", name="Select Radia Perlman").click(modifiers=["Shift"])

    bar = page.get_by_role("toolbar", name="Selection")
    expect(bar).to_contain_text("4 selected")
    expect(page.get_by_role("checkbox", name="Select everyone on this page")).to_have_js_property("indeterminate", True)
    page.get_by_role("checkbox", name="Select everyone on this page").click()
    expect(bar).to_contain_text("7 selected")
    bar.get_by_role("button", name="Clear the selection").click()
    expect(bar).to_be_hidden()


def test_a_selection_is_made_by_keyboard(page: Page, stage: Stage) -> None:
    """j, x, Shift+j; the quick actions offer the selection first; Escape clears it."""
    for key in ("j", "x", "Shift+J", "Shift+J"):
        page.keyboard.press(key)
    expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("3 selected")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text("Send to ALC")
    page.keyboard.press("Enter")
    expect(page.get_by_role("toolbar", name="Selection")).to_be_hidden()
    assert stage.bulk_clicks == [("bulk-send-to-alc", [record_id(1), record_id(2), record_id(3)])]
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar", name="Selection")).to_be_hidden()


def test_a_bulk_send_is_confirmed_shows_its_progress_and_names_who_was_not_sent(page: Page, stage: Stage) -> None:
    """A progress toast, then an alert with a line for each reason, with the names."""
    work = threading.Event()
    stage.script = (CONFIRM,)
    stage.runs["run-1"] = (SENDING, HALFWAY, work, NOT_SENT)
    stage.runs["run-2"] = (DONE,)
    page.get_by_role("checkbox", name="Select Ada Lovelace").click()
    send = page.get_by_role("toolbar").get_by_role("button", name="Send to ALC")
    send.click()
    page.get_by_role("alertdialog", name="Send 3 people to ALC?").get_by_role("button", name="Send to ALC").click()

    expect(page.get_by_role("progressbar")).to_have_js_property("value", 67)
    expect(send).to_have_attribute("aria-busy", "true")
    work.set()
    expect(page.get_by_role("alertdialog")).to_contain_text("Grace Hopper: ALC refused the number.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("toolbar", name="Selection")).to_be_hidden()


def test_whoever_says_no_keeps_the_selection(page: Page, stage: Stage) -> None:
    """Cancelling keeps the selection."""
    stage.script = (CONFIRM,)
    stage.runs["run-1"] = (DONE,)
    page.get_by_role("checkbox", name="Select Ada Lovelace").click()
    page.get_by_role("toolbar").get_by_role("button", name="Send to ALC").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("toolbar").get_by_role("button", name="Send to ALC")).to_have_attribute(
        "aria-busy", "false"
    )
    expect(page.get_by_role("toolbar")).to_contain_text("1 selected")


def test_a_selection_reaches_over_the_pages_of_the_table(open_page: Open, workspace: FakeWorkspace) -> None:
    """With more people than a page holds; the pager shows the position."""
    workspace.everyone = [make_person(number, f"Person {number:03}") for number in range(1, 121)]
    page = open_page("/people")
    page.get_by_role("checkbox", name="Select everyone on this page").click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("51–100 of more than 100")).to_be_visible()
    page.get_by_role("checkbox", name="Select Person 051").click()
    expect(page.get_by_role("toolbar", name="Selection")).to_contain_text("51 selected, 50 not on this page")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("101–120 of 120")).to_be_visible()
    page.get_by_role("link", name="First").click()
    page.get_by_role("navigation", name="First letter of the name").get_by_role("link", name="Q").click()
    expect(page.get_by_role("heading", name="No name begins with Q")).to_be_visible()


def test_the_slash_goes_to_the_search_and_escape_leaves_it(page: Page) -> None:
    """The search is in the URL."""
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("grace")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=grace**")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_axe_finds_nothing_in_a_selection_and_its_progress(page: Page, stage: Stage) -> None:
    """With the selection bar, selected rows and a progress toast."""
    stage.script = (SENDING, HALFWAY, CONFIRM)
    page.get_by_role("checkbox", name="Select everyone on this page").click()
    assert_accessible_in_both_themes(page)
    page.get_by_role("toolbar").get_by_role("button", name="Send to ALC").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert_accessible_in_both_themes(page)
