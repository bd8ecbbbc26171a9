"""Accessibility: axe finds nothing in either theme. A phone's menu, the second visit, and reading without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from alc_app.attio.host.runs import FinishedStep
from alc_app.pages import CleanUp, ConnectionView, ConnectRun
from alc_app.pages.view_models import ConnectionStatus
from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.scripted_actions import DONE, Stage
from tests.support.fakes.workspace import AT, FakeWorkspace, record_id

Open = Callable[[str], Page]

ADA = f"/people/{record_id(1)}"
PAGES = (
    "/people",
    "/people?q=nobody-at-all",
    ADA,
    "/apps/alc?notice=connected",
    "/doctor",
    "/inspector",
    "/workflows",
    "/labs",
    "/labs/double-click",
    "/compare",
    "/compare/send-to-alc.server.ts",
    "/tutorial",
    "/tutorial?step=usage-8",
)


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_on_any_page(open_page: Open, path: str) -> None:
    """Contrast, names, roles and order, in both themes."""
    page = open_page(path)
    assert_accessible_in_both_themes(page)


def test_axe_finds_nothing_in_what_lies_over_a_page(open_page: Open, stage: Stage) -> None:
    """The palette, toasts in four variants, and an alert."""
    variants = ("neutral", "success", "warning", "error")
    toast = {"effect": "showToast", "title": "A toast", "text": "With a text.", "durationMs": None}
    toasts = [{**toast, "id": variant, "variant": variant} for variant in variants]
    stage.script = (*toasts, {"effect": "alert", "title": "An alert", "text": "With a text.", "resume": "run-1"})
    stage.runs["run-1"] = (DONE,)
    page = open_page(ADA)
    page.keyboard.press("Control+k")
    assert_accessible_in_both_themes(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog", name="An alert")).to_be_visible()
    assert_accessible_in_both_themes(page)
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_have_count(4)
    assert_accessible_in_both_themes(page)


@pytest.mark.parametrize("state", ["none", "connecting", "needs_reconnect", "removing"])
def test_axe_finds_nothing_on_the_install_page_in_any_state(
    open_page: Open, workspace: FakeWorkspace, state: ConnectionStatus
) -> None:
    """In every state of the connection."""
    job = CleanUp("The webhook wh_1 is still registered at ALC.", AT, "ALC did not answer.", AT)
    workspace.view = ConnectionView(state, clean_up=(job,))
    assert_accessible(open_page("/apps/alc?notice=alc_unreachable"))


def test_axe_finds_nothing_while_a_connection_is_made(open_page: Open, workspace: FakeWorkspace) -> None:
    """With steps that are done, running and waiting."""
    workspace.run = ConnectRun([FinishedStep("exchange_code", 21.0)], is_over=False)
    page = open_page("/apps/alc?connecting=c0ffee")
    assert_accessible_in_both_themes(page)


def test_on_a_phone_the_menu_opens_the_sidebar(open_page: Open) -> None:
    """It is a popover: it needs no script, and Escape closes it."""
    page = open_page(ADA)
    page.set_viewport_size({"width": 390, "height": 844})
    sidebar = page.get_by_role("navigation", name="Workspace")
    expect(sidebar).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(sidebar).to_be_visible()
    page.keyboard.press("Escape")
    expect(sidebar).to_be_hidden()


def test_the_second_visit_asks_for_the_page_alone(open_page: Open) -> None:
    """Assets have URLs that change with their content, so they are cached; the script runs right after the page."""
    open_page(ADA).close()
    page = open_page(ADA)
    assets = "performance.getEntriesByType('resource').filter(e => e.name.includes('/assets/'))"
    assert page.evaluate(f"{assets}.length") == 3
    assert page.evaluate(f"{assets}.filter(e => e.transferSize > 0).length") == 0
    assert page.evaluate("performance.getEntriesByName('app:ready').length") == 1


def test_people_can_be_read_without_scripts(browser_without_scripts: Page) -> None:
    """Reading and navigation work, and nothing says that it updates itself."""
    page = browser_without_scripts
    page.goto("/people")
    page.get_by_role("link", name="Ada Lovelace").click()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    expect(page.get_by_text("Reconnecting")).to_have_count(0)
