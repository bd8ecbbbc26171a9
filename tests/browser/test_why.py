"""Why? on a record: opened by hand, right after each change, and readable without scripts."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.workspace import COMPLETE_CARD, FakeWorkspace, record_id

Open = Callable[[str], Page]
RADIA = f"/people/{record_id(4)}"


def test_why_opens_by_keyboard_and_tells_the_status_of_now(open_page: Open, workspace: FakeWorkspace) -> None:
    """Its times are in the reader's zone, and its link leads to where something can be done."""
    page = open_page(RADIA)
    expect(page.locator(".why p")).to_be_hidden()
    page.locator(".why summary").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".why p")).to_contain_text("Tommy Flowers sent Radia Perlman to ALC on 20 Nov 2026")
    expect(page.locator(".why p")).to_contain_text("The record shows “Pending”.")
    expect(page.get_by_role("link", name="Open Doctor")).to_have_attribute("href", "/doctor")
    assert_accessible_in_both_themes(page)


def test_why_changes_with_the_status(open_page: Open, workspace: FakeWorkspace) -> None:
    """Whoever has it open never reads of the status before."""
    page = open_page(RADIA)
    page.locator(".why summary").click()
    expect(page.locator(".why p")).to_contain_text("“Pending”")

    workspace.cards[record_id(4)] = COMPLETE_CARD
    workspace.set_status(4, "Complete")

    expect(page.locator(".details .status")).to_have_text("Complete")
    expect(page.locator(".why p")).to_contain_text("“Complete”")


def test_why_is_there_without_scripts(browser_without_scripts: Page, base_url: str) -> None:
    """HTML opens it."""
    browser_without_scripts.goto(f"{base_url}{RADIA}")
    browser_without_scripts.locator(".why summary").click()

    expect(browser_without_scripts.locator(".why p")).to_contain_text("The record shows “Pending”.")


def test_why_fits_on_a_phone(open_page: Open, workspace: FakeWorkspace) -> None:
    """Long words wrap."""
    page = open_page(RADIA)
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator(".why summary").click()
    expect(page.locator(".why p")).to_be_visible()

    assert page.evaluate("document.querySelector('.why').scrollWidth <= document.querySelector('.why').clientWidth")
    assert_accessible_in_both_themes(page)
