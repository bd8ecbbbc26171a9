"""The pages of the labs in a browser: predict, run, see the outcome, and the errors."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.labs import STORY
from tests.support.fakes.workspace import FakeWorkspace

Open = Callable[[str], Page]


def test_a_lab_is_predicted_run_and_seen_by_keyboard(open_page: Open, workspace: FakeWorkspace) -> None:
    """Both sides are filled in, the prediction is judged, and the deciding code is shown; the list keeps it."""
    page = open_page("/labs")
    assert_accessible(page)
    page.get_by_role("link", name="Double click").press("Enter")
    expect(page.get_by_role("heading", name="Double click", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="The tutorial’s code")).to_be_hidden()

    page.get_by_role("radio", name="One chat.").press("ArrowDown")
    page.keyboard.press("Enter")

    for side, words in (("The tutorial’s code", "Two chats"), ("This app", "One chat.")):
        column = page.locator("#sides").get_by_role("region", name=side)
        expect(column.locator(".outcome")).to_contain_text(words)
        expect(column).to_contain_text("SMS chats at ALC")
    expect(page.get_by_role("heading", name="You called it. Here is why.")).to_be_visible()
    expect(page.get_by_text("alc_app/leads/transitions.py:27")).to_be_visible()
    assert workspace.labs.guesses == ["two"]
    assert_accessible_in_both_themes(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.getElementById('lab').scrollWidth <= document.getElementById('lab').clientWidth")

    expect(page.get_by_role("link", name="Next: Answer lost")).to_be_visible()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Break it").click()
    expect(page.get_by_role("link", name="Double click")).to_contain_text("Called it")


def test_nothing_runs_without_a_prediction(open_page: Open, workspace: FakeWorkspace) -> None:
    """The browser asks for a choice."""
    page = open_page("/labs/double-click")
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_role("radio", name="One chat.")).to_be_focused()
    assert not workspace.labs.guesses


def test_what_is_missing_stands_where_the_button_would_be(open_page: Open, workspace: FakeWorkspace) -> None:
    """With what to do."""
    workspace.labs.lacks = "Connect Acme Lead Checker first."
    page = open_page("/labs/double-click")
    expect(page.get_by_role("button", name="Run it")).to_have_count(0)
    expect(page.get_by_text("Connect Acme Lead Checker first.")).to_be_visible()
    assert_accessible(page)


def test_a_lab_that_runs_already_and_a_reply_that_is_cut_are_told(
    open_page: Open, workspace: FakeWorkspace, console: list[str]
) -> None:
    """It can be run again later. A side that could not go on says so."""
    workspace.labs.is_busy = True
    page = open_page("/labs/double-click")
    page.get_by_role("radio", name="Two chats").check()
    run = page.get_by_role("button", name="Run it")
    run.click()
    expect(page.locator("#hint")).to_contain_text("A lab is running already.")
    assert all(line.startswith("Failed to load resource") for line in console)
    console.clear()

    workspace.labs.is_busy, workspace.labs.story = False, STORY[:3]
    run.click()
    expect(page.locator("#hint")).to_contain_text("The connection ended before the lab did.")

    failed = {"event": "failed", "side": "ours", "text": "No worker came to be killed."}
    workspace.labs.story = (*STORY[:4], failed, STORY[-1])
    run.click()
    expect(page.get_by_text("No worker came to be killed.").first).to_be_visible()
    expect(page.get_by_role("heading", name="You called it. Here is why.")).to_be_visible()
