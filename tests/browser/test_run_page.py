"""The page of a run: a waterfall with a link of its own, run again, skip the wait."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_dock import PHONE, send
from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace

Open = Callable[[str], Page]


def test_the_dock_leads_to_the_run(open_page: Open, workspace: FakeWorkspace) -> None:
    """By its line, to a page with every call in a row and what came of it in words."""
    send(workspace.events, status="Complete")
    page = open_page("/people/00000000-0000-0000-0000-000000000001")
    page.locator("#dock-last").click()
    expect(page).to_have_url(re.compile("/runs/t1$"))
    rows = page.get_by_role("table", name="Calls and waits of this run, in order").get_by_role("row")
    expect(rows.filter(has_text="POST /api/v1/leads")).to_contain_text("201 Created")
    expect(rows.filter(has_text="PATCH /record")).to_contain_text("200 OK")


def test_the_page_follows_a_run_that_goes_on(open_page: Open, workspace: FakeWorkspace) -> None:
    """Without a hand."""
    send(workspace.events)
    page = open_page("/runs/t1")
    expect(page.get_by_role("row").filter(has_text="PATCH /record")).to_have_count(0)
    send(workspace.events, status="Complete")
    expect(page.get_by_role("row").filter(has_text="PATCH /record")).to_have_count(1)
    expect(page.locator(".run-page header .run-status")).to_have_text("Complete")


def test_a_run_is_run_again_by_its_action(open_page: Open, workspace: FakeWorkspace, stage: Stage) -> None:
    """With its usual checks, and the page of the new run opens when it is over."""
    send(workspace.events, status="Complete")
    page = open_page("/runs/t1")
    send(workspace.events, "t2")
    stage.trace_id = "t2"
    page.get_by_role("button", name="Run again").click()
    expect(page).to_have_url(re.compile("/runs/t2$"))
    assert stage.clicks == ["00000000-0000-0000-0000-000000000001 send-to-alc"]


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE])
def test_axe_finds_nothing_on_the_page_of_a_run(
    open_page: Open, workspace: FakeWorkspace, size: dict[str, int]
) -> None:
    """In both themes; nothing scrolls sideways."""
    send(workspace.events, status="Complete")
    page = open_page("/runs/t1")
    page.set_viewport_size(size)
    assert_accessible_in_both_themes(page)
    assert page.evaluate("document.querySelector('.run-page').scrollWidth") <= size["width"]
