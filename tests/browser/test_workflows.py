"""The workflows page in a browser: a run is started and followed; a trigger is switched on."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_scrolling import SIDEWAYS
from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.workflows import ENDED, FAILED, GRACE, WAITING
from tests.support.fakes.workspace import FakeWorkspace, make_person

Open = Callable[[str], Page]


def test_a_run_is_started_for_a_person_and_followed_to_its_end(open_page: Open, workspace: FakeWorkspace) -> None:
    """The person is chosen by the link on their page; inputs and outcomes of the steps appear by themselves."""
    page = open_page(f"/people/{GRACE}")
    page.get_by_role("link", name="Run a workflow").click()
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Person to run it for")).to_have_value("Grace Hopper")
    page.get_by_role("button", name="Run", exact=True).click()

    run = page.locator(".workflow-run")
    expect(run).to_have_count(1)
    expect(run.locator("details")).to_have_attribute("open", "")
    expect(run.locator(".run-step")).to_contain_text("Send to ALC and wait")
    expect(run.locator(".until")).to_be_visible()
    assert workspace.started == [("qualify", GRACE)]

    workspace.set_runs(ENDED)

    expect(run).to_have_attribute("data-state", "done")
    expect(run.locator(".run-step")).to_have_count(2)
    expect(run.get_by_text('"lead_id": "lead_7f2a"')).to_be_visible()
    expect(run.get_by_text("Interested")).to_be_visible()


def test_a_person_is_searched_and_chosen_by_keyboard(open_page: Open, workspace: FakeWorkspace) -> None:
    """The ARIA combobox: arrows move, Enter chooses, Escape closes; typing again forgets the choice."""
    workspace.everyone += [make_person(number, f"Person {number:03}") for number in range(100, 160)]
    page = open_page("/workflows")
    field = page.get_by_role("combobox", name="Person to run it for")
    field.press_sequentially("hopper gr")
    listed = page.get_by_role("listbox", name="People").get_by_role("option")
    expect(listed).to_have_count(1)
    expect(listed).to_have_attribute("aria-selected", "true")
    assert_accessible_in_both_themes(page)
    field.fill("person")
    expect(listed).to_have_count(8)
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("Person 101")
    expect(listed).to_have_count(0)
    field.press("x")
    field.fill("ada love")
    expect(listed).to_have_count(1)
    field.press("Escape")
    expect(listed).to_have_count(0)
    field.fill("grace")
    listed.click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".workflow-run")).to_have_count(1)
    assert workspace.started == [("qualify", GRACE)]


def test_without_scripts_a_person_is_looked_up_by_the_server(
    browser_without_scripts: Page, workspace: FakeWorkspace
) -> None:
    """A name that fits several people leads to a list."""
    page = browser_without_scripts
    page.goto("/workflows")
    page.get_by_label("Person to run it for").fill("e")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_label("Person to run it for").select_option("Grace Hopper · Flow-Matic")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".workflow-run")).to_have_count(1)
    assert workspace.started == [("qualify", GRACE)]


def test_a_workflow_is_switched_on(open_page: Open, workspace: FakeWorkspace) -> None:
    """The other tab shows it too."""
    other, page = open_page("/workflows"), open_page("/workflows")
    page.get_by_role("button", name="Turn on").click()

    for each in (page, other):
        expect(each.get_by_text("Switching…")).to_be_visible()
        expect(each.get_by_role("button", name="Turn off")).to_be_visible()
    assert workspace.definitions[1].is_wanted


def test_the_page_is_accessible_with_runs_in_every_state(open_page: Open, workspace: FakeWorkspace) -> None:
    """In both themes, with all runs open, and on a phone."""
    workspace.runs = [FAILED, WAITING]
    page = open_page("/workflows")
    for summary in page.locator(".workflow-run summary").all():
        summary.click()
    assert_accessible_in_both_themes(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate(SIDEWAYS) == []
    workspace.set_runs(ENDED)
    expect(page.locator(".workflow-run")).to_have_count(1)
    assert_accessible(page)
