"""The settings page in a browser: by keyboard, in both themes, on a phone, and without scripts."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_scrolling import SIDEWAYS
from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.workspace import FakeWorkspace

Open = Callable[[str], Page]


def test_a_setting_is_changed_by_keyboard_and_a_mistake_is_mended(
    open_page: Open, workspace: FakeWorkspace, console: list[str]
) -> None:
    """A switch has the role of a switch; the focus moves to the error, and the other input is kept."""
    page = open_page("/settings")
    switch, days = page.get_by_role("switch", name="Send automatically"), page.get_by_label("Wait for a result")
    assert_accessible_in_both_themes(page)

    switch.focus()
    page.keyboard.press("Space")
    days.fill("never")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Enter a whole number between 1 and 90.")).to_be_visible()
    expect(days).to_be_focused()
    expect(days).to_have_value("never")
    expect(switch).to_be_checked()
    assert_accessible_in_both_themes(page)
    assert workspace.set_values == {}
    console[:] = [line for line in console if "422" not in line]

    days.fill("30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text("Saved.")).to_have_count(2)
    assert workspace.set_values == {"automatic": True, "days": 30}
    assert_accessible(page)


def test_it_fits_a_phone(open_page: Open) -> None:
    """Nothing is cut off, and the page does not scroll sideways."""
    page = open_page("/settings")
    page.set_viewport_size({"width": 320, "height": 640})

    assert page.evaluate(SIDEWAYS) == []
    expect(page.get_by_role("switch")).to_be_visible()


def test_it_works_without_scripts(browser_without_scripts: Page, workspace: FakeWorkspace) -> None:
    """It is a plain form."""
    page = browser_without_scripts
    page.goto("/settings")
    page.get_by_label("Send automatically").check()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved. Send automatically: on.")).to_be_visible()
    page.get_by_role("button", name="Restore defaults").click()
    expect(page.get_by_text("Saved. Send automatically: off, the default.")).to_be_visible()
    assert workspace.set_values == {}
