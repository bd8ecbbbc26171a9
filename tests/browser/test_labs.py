"""The pages of the labs in a browser: predict, run, see the outcome, and the errors."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.labs import FILE, NO_STORY, STORY
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
        column = page.locator("#sides").get_by_role("region", name=side, exact=True)
        expect(column.locator(".outcome")).to_contain_text(words)
    expect(page.get_by_role("row", name="SMS chats at ALC")).to_have_text("SMS chats at ALC differs2 broken1 ")
    expect(page.get_by_role("heading", name="You called it. Here is why.")).to_be_visible()
    expect(page.get_by_text("alc_app/leads/transitions.py:27")).to_be_visible()
    assert workspace.labs.guesses == ["two"]
    assert_accessible_in_both_themes(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.getElementById('lab').scrollWidth <= document.getElementById('lab').clientWidth")

    expect(page.get_by_role("link", name="Next: Answer lost")).to_be_visible()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Break it").click()
    expect(page.get_by_role("link", name="Double click")).to_contain_text("Called it")
    expect(page.get_by_text("1 of 1 called right")).to_be_visible()


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
    expect(page.locator("#hint")).to_contain_text("A lab is already running.")
    assert all(line.startswith("Failed to load resource") for line in console)
    console.clear()

    workspace.labs.is_busy, workspace.labs.story = False, STORY[:3]
    run.click()
    expect(page.locator("#hint")).to_contain_text("The connection ended before the lab finished.")

    failed = {"event": "failed", "side": "ours", "text": "No worker came to be killed."}
    workspace.labs.story = (*STORY[:4], failed, STORY[-1])
    run.click()
    expect(page.get_by_text("No worker came to be killed.").first).to_be_visible()
    expect(page.get_by_role("heading", name="You called it. Here is why.")).to_be_visible()


def test_a_story_is_read_and_played_by_keyboard(open_page: Open, workspace: FakeWorkspace) -> None:
    """The overview tells it; its page has a line for each happening, and both sides after the run."""
    page = open_page("/labs")
    page.get_by_role("link", name="A disconnect leaves no webhook at ALC.").press("Enter")
    expect(page.get_by_role("list", name="What happens").get_by_role("listitem")).to_have_text(
        "0:01:01The app is disconnected."
    )
    page.get_by_role("button", name="Play it").press("Enter")

    for side, words in (("The tutorial’s code", "Broken: A disconnect"), ("This app", "Kept: A disconnect")):
        column = page.locator("#sides").get_by_role("region", name=side, exact=True)
        expect(column.locator(".outcome")).to_contain_text(words)
    expect(page.get_by_role("row", name="Webhooks left at ALC")).to_have_text("Webhooks left at ALC differs1 broken0 ")
    assert workspace.labs.files == [FILE]
    assert_accessible_in_both_themes(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.getElementById('lab').scrollWidth <= document.getElementById('lab').clientWidth")


def test_a_story_of_ones_own_is_opened_told_and_played(open_page: Open, workspace: FakeWorkspace) -> None:
    """Its words are shown as words, whatever they are."""
    page = open_page("/labs")
    page.get_by_role("link", name="Open your own story").click()
    assert_accessible(page)
    line = {**FILE["happened"][0], "says": "<b>Person 1</b> is sent."}
    choose(page, {**FILE, "happened": [line]})
    expect(page.get_by_role("list", name="What happens")).to_contain_text("<b>Person 1</b> is sent.")
    expect(page.get_by_text("ALC still has 1 of its webhooks")).to_be_visible()

    page.get_by_role("button", name="Play it").click()

    expect(page.locator("#sides").get_by_role("region", name="This app", exact=True)).to_contain_text(
        "Kept: A disconnect"
    )
    assert workspace.labs.files == [{**FILE, "happened": [line]}]
    assert_accessible_in_both_themes(page)


@pytest.mark.parametrize(
    "content", ["no JSON", "[]", "null", json.dumps({"happened": [{}]}), " " * 70_000], ids=range(5)
)
def test_a_file_that_is_no_story_is_refused_in_a_sentence(
    open_page: Open, workspace: FakeWorkspace, content: str
) -> None:
    """Before it is sent; and the next file can be chosen."""
    page = open_page("/labs/stories")
    choose(page, content)
    expect(page.locator("#hint")).to_contain_text("This is not a story of mock-alc storm")
    page.get_by_role("button", name="Play it").click()
    choose(page, FILE)
    expect(page.get_by_role("list", name="What happens")).to_be_visible()
    assert not workspace.labs.files


def test_what_the_server_refuses_is_told(open_page: Open, console: list[str]) -> None:
    """It looks closer than the page does."""
    page = open_page("/labs/stories")
    choose(page, {name: value for name, value in FILE.items() if name != "promise"})
    page.get_by_role("button", name="Play it").click()
    expect(page.locator("#hint")).to_contain_text(NO_STORY)
    assert all(line.startswith("Failed to load resource") for line in console)
    console.clear()


def choose(page: Page, content: Any) -> None:
    """Choose a file with this content."""
    text = content if isinstance(content, str) else json.dumps(content)
    page.get_by_label("story.json").set_input_files(
        {"name": "story.json", "mimeType": "application/json", "buffer": text.encode()}
    )
