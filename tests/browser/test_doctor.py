"""The doctor's page in a browser: it checks at once, mends at a click, and updates its dead letters."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_scrolling import SIDEWAYS
from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.workspace import DISEASED, UNSENT, UNSHOWN, FakeWorkspace

Open = Callable[[str], Page]


def test_a_report_without_findings_says_so(open_page: Open) -> None:
    """Without findings: one sentence, and a line for each check."""
    page = open_page("/doctor")

    expect(page.locator("#verdict")).to_have_text("No problems found.")
    expect(page.locator(".check")).to_have_count(3)
    expect(page.get_by_role("button", name="Fix")).to_be_hidden()


def test_what_is_wrong_is_named_and_mended(open_page: Open, workspace: FakeWorkspace) -> None:
    """What was done is shown beside the finding; findings that need a person stay."""
    workspace.report = DISEASED
    workspace.letters = [UNSHOWN, UNSENT]
    page = open_page("/doctor")

    expect(page.locator("#verdict")).to_have_text("2 problems found.")
    assert_accessible_in_both_themes(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate(SIDEWAYS) == []
    page.get_by_role("button", name="Fix what can be fixed").click()

    expect(page.get_by_text("It has been deleted.")).to_be_visible()
    expect(page.locator("#verdict")).to_have_text("1 warning.")
    expect(page.get_by_role("button", name="Fix")).to_be_hidden()
    assert_accessible(page)


def test_the_list_of_dead_letters_follows(open_page: Open, workspace: FakeWorkspace) -> None:
    """A dead letter appears while the page is open, and disappears after its replay."""
    page = open_page("/doctor")
    expect(page.get_by_text("No dead letters.")).to_be_visible()

    workspace.set_letters(UNSHOWN, UNSENT)
    expect(page.locator(".letter")).to_have_count(2)
    expect(page.locator(".letter").nth(1).get_by_role("button", name="Replay")).to_be_hidden()
    page.locator(".letter").nth(0).get_by_role("button", name="Replay").click()

    expect(page.locator(".letter")).to_have_count(1)
    assert ("replay", "lead:7") in workspace.done


def test_a_report_that_does_not_come_says_what_to_do(open_page: Open, console: list[str]) -> None:
    """The server has stopped; pressing the button again asks again."""
    page = open_page("/doctor")
    expect(page.locator("#verdict")).to_have_text("No problems found.")
    page.route("**/doctor/report", lambda route: route.abort())
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#verdict")).to_contain_text("The app did not answer.")
    page.unroute("**/doctor/report")
    console.clear()
    page.get_by_role("button", name="Check again").click()

    expect(page.locator("#verdict")).to_have_text("No problems found.")
