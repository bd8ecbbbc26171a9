"""The dock knows its place: which pages have it, whose runs it shows, when it opens, and what it loads."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.event_log import EventLog
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import CONNECTED, FakeWorkspace, record_id

Open = Callable[[str], Page]
ADA, GRACE = f"/people/{record_id(1)}", f"/people/{record_id(2)}"
PHONE = {"width": 390, "height": 844}
WRITTEN = '{"data":{"values":{"alc_status":"Complete"}}}'


@pytest.fixture
def log(workspace: FakeWorkspace) -> EventLog:
    return workspace.events


def send(log: EventLog, trace_id: str = "t1", *, number: int = 1, name: str = "Ada Lovelace", status: str = "") -> None:
    """Record the calls of a run that sends a person, up to this status."""
    about = {"detail_of_button": "Send to ALC", "record_id": record_id(number)}
    log.note("User", "Attio UI", "Clicks button", trace_id=trace_id, detail=about)
    request = {"method": "POST", "url": "http://alc.test/api/v1/leads", "headers": {}, "body": f'{{"name":"{name}"}}'}
    post = {"trace_id": trace_id, "call": f"{trace_id}-post"}
    log.note("Server Function", "ALC", "POST /api/v1/leads", detail={"request": request}, **post)
    log.note("ALC", "Server Function", "201 Created", kind="answer", detail={"response": {"status": 201}}, **post)
    if status:
        write = {"trace_id": trace_id, "call": f"{trace_id}-write"}
        request = {"method": "PATCH", "url": "http://crm.test", "headers": {}, "body": WRITTEN}
        log.note("Webhook", "Attio API", "PATCH /record", detail={"request": request}, **write)
        log.note("Attio API", "Webhook", "200 OK", kind="answer", **write)


def toggle(page: Page) -> Locator:
    return page.get_by_role("button", name="Live sequence", exact=True)


def is_open(page: Page, *, expected: bool) -> None:
    expect(toggle(page)).to_have_attribute("aria-expanded", str(expected).lower())


def arrow(page: Page, words: str) -> Locator:
    return page.locator(".arrow", has_text=words)


@pytest.mark.parametrize(
    "path", ["/people", "/settings", "/workflows", "/doctor", "/labs", "/labs/double-click", "/inspector"]
)
def test_pages_on_which_nothing_runs_have_no_dock(open_page: Open, log: EventLog, path: str) -> None:
    """A run of a person has nothing to do with them."""
    send(log, status="Complete")
    page = open_page(path)
    expect(page.locator("#dock")).to_have_count(0)


def test_closed_it_says_who_what_how_it_ended_and_when(open_page: Open, log: EventLog) -> None:
    """In one line, which leads to the run, and which follows it."""
    send(log)
    page = open_page(ADA)
    is_open(page, expected=False)
    line = page.locator("#dock-last")
    expect(line).to_have_text(re.compile(r"^\s*Ada Lovelace\s*Send to ALC\s*Ended"))
    send(log, "t2", status="Complete")
    expect(line).to_have_text(re.compile(r"^\s*Ada Lovelace\s*Send to ALC\s*Complete\s*just now"))
    expect(line).to_have_attribute("href", "/runs/t2")


def test_on_a_record_it_offers_that_persons_runs(open_page: Open, log: EventLog) -> None:
    """Not those of others, whose line it does not show either."""
    send(log, "t1", status="Complete")
    send(log, "t2", number=2, name="Grace Hopper")
    page = open_page(ADA)
    expect(page.locator("#dock-last")).to_contain_text("Complete")
    send(log, "t3", number=2, name="Grace Hopper")
    toggle(page).click()
    options = page.get_by_role("combobox", name="Run").locator("option")
    expect(options).to_have_count(2)
    expect(options.last).to_have_text(re.compile("^Ada Lovelace · Send to ALC · Complete · "))


def test_a_closed_dock_loads_no_messages(open_page: Open, log: EventLog) -> None:
    """Opened, it loads those of the run that it shows."""
    for number in range(30):
        send(log, f"t{number}", status="Complete")
    page = open_page(ADA)
    expect(page.locator("#dock-last")).to_contain_text("Complete")
    assert log.asked == []
    toggle(page).click()
    expect(arrow(page, "200 OK")).to_be_visible()
    assert [path for path in log.asked if "trace=t29" not in path] == []


def test_it_opens_for_a_click_of_this_tab(open_page: Open, log: EventLog, stage: Stage) -> None:
    """And shows that run. Another tab's stays closed, and says so in its line."""
    stage.trace_id = "t7"
    page, other = open_page(ADA), open_page(ADA)
    page.get_by_role("button", name="Send to ALC").first.click()
    is_open(page, expected=True)
    send(log, "t7", status="Complete")
    expect(arrow(page, "200 OK")).to_be_visible()
    expect(other.locator("#dock-last")).to_contain_text("Complete")
    is_open(other, expected=False)


def test_once_closed_by_hand_it_stays_closed(open_page: Open, log: EventLog, stage: Stage) -> None:
    """On this kind of page, also for a click of this tab."""
    page = open_page(ADA)
    toggle(page).click()
    toggle(page).click()
    page.get_by_role("button", name="Send to ALC").first.click()
    send(log, stage.trace_id, status="Complete")
    expect(page.locator("#dock-last")).to_contain_text("Complete")
    is_open(page, expected=False)


def test_it_opens_for_the_connection_that_this_tab_has_made(open_page: Open, log: EventLog) -> None:
    """The click leaves the page and comes back by way of ALC."""
    page = open_page("/apps/alc")
    is_open(page, expected=False)
    page.get_by_role("link", name="Reconnect").evaluate(
        "link => link.addEventListener('click', e => e.preventDefault())"
    )
    page.get_by_role("link", name="Reconnect").click()
    log.note("User", "Attio UI", "Clicks to install app", trace_id="t5")
    log.note("Attio UI", "User", "Shows app is now installed", kind="answer", trace_id="t5")
    page.goto("/apps/alc?notice=connected")
    is_open(page, expected=True)
    expect(arrow(page, "Shows app is now installed")).to_be_visible()


def test_another_run_can_be_chosen_and_the_newest_is_followed(open_page: Open, log: EventLog) -> None:
    """The newest run is shown until the user chooses one."""
    send(log, "t1", status="Complete")
    page = open_page(ADA)
    toggle(page).click()
    expect(arrow(page, "200 OK")).to_be_visible()
    send(log, "t2")
    expect(arrow(page, "200 OK")).to_have_count(0)
    page.get_by_role("combobox", name="Run").select_option(value="t1")
    expect(arrow(page, "200 OK")).to_be_visible()
    send(log, "t3")
    expect(page.get_by_role("combobox", name="Run").locator("option")).to_have_count(4)
    expect(arrow(page, "200 OK")).to_be_visible()


def test_height_and_state_are_kept_for_each_kind_of_page(open_page: Open) -> None:
    """The record's dock is not the tutorial's."""
    page = open_page(ADA)
    toggle(page).click()
    handle = page.locator("#dock-handle")
    handle.press("ArrowUp")
    expect(handle).to_have_attribute("aria-valuenow", "44")
    page.goto(GRACE)
    is_open(page, expected=True)
    expect(handle).to_have_attribute("aria-valuenow", "44")
    page.goto("/tutorial")
    is_open(page, expected=False)
    expect(handle).to_have_attribute("aria-valuenow", "40")
    page.goto(ADA)
    toggle(page).click()
    page.reload()
    is_open(page, expected=False)


def test_on_a_phone_it_is_a_sheet(open_page: Open, log: EventLog, stage: Stage) -> None:
    """It never opens by itself, covers the width, and closes by its button or Escape; the focus returns."""
    page = open_page(ADA)
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Send to ALC").first.click()
    send(log, stage.trace_id, status="Complete")
    expect(page.locator("#dock-last")).to_contain_text("Complete")
    is_open(page, expected=False)
    for leave in (
        lambda: page.keyboard.press("Escape"),
        page.get_by_role("button", name="Close the live sequence").click,
    ):
        toggle(page).click()
        is_open(page, expected=True)
        box = page.locator("#dock").bounding_box()
        assert box
        assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 390, 844)
        leave()
        is_open(page, expected=False)
        expect(toggle(page)).to_be_focused()


def test_two_tabs_draw_the_same_with_one_stream(open_page: Open, log: EventLog) -> None:
    """A browser has one event stream; the tab that reads it passes every message on."""
    pages = open_page(ADA), open_page("/tutorial")
    for page in pages:
        toggle(page).click()
    send(log, status="Complete")
    for page in pages:
        expect(arrow(page, "200 OK")).to_have_count(1)
    assert log.streams == 1


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE])
def test_axe_finds_nothing_in_the_dock(open_page: Open, log: EventLog, size: dict[str, int]) -> None:
    """Closed with its line, and open with a run, in both themes."""
    send(log, status="Complete")
    page = open_page(ADA)
    page.set_viewport_size(size)
    assert_accessible_in_both_themes(page)
    toggle(page).click()
    expect(arrow(page, "200 OK")).to_be_visible()
    assert_accessible_in_both_themes(page)


def test_members_have_no_dock(open_page: Open, workspace: FakeWorkspace, log: EventLog) -> None:
    """It shows what others have sent."""
    workspace.role, workspace.view = "member", replace(CONNECTED)
    send(log, status="Complete")
    expect(open_page(ADA).locator("#dock")).to_have_count(0)


def test_without_scripts_the_line_leads_to_the_run(browser_without_scripts: Page, log: EventLog) -> None:
    """The page of the run needs none."""
    send(log, status="Complete")
    browser_without_scripts.goto(ADA)
    browser_without_scripts.locator("#dock-last").click()
    expect(browser_without_scripts.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    expect(browser_without_scripts.get_by_role("row")).to_have_count(4)
