"""Later 10-11 in a browser: changes are shown in every open tab, by one event stream."""

import re
from collections.abc import Callable
from dataclasses import replace

from playwright.sync_api import BrowserContext, Page, Route, expect

from alc_app.pages.view_models import TaskView
from tests.support.fakes.workspace import AT, CONNECTED, FakeWorkspace, record_id

Open = Callable[[str], Page]

ADA = f"/people/{record_id(1)}"


def test_two_tabs_show_the_new_status_by_one_stream(open_page: Open, workspace: FakeWorkspace) -> None:
    """The badge, the details, the activity and the announcement change; the second tab opens no stream."""
    people, record = open_page("/people"), open_page(ADA)
    with record.expect_response("**/activity.json"):
        workspace.set_status(1, "Complete")
    for page in (people, record):
        expect(page.locator(f"[data-record='{record_id(1)}'] .status").first).to_have_text("Complete")
    expect(record.locator(".details [data-field=alc_lead_id]")).to_have_text("lead_e992")
    expect(record.locator(".activity li").first).to_contain_text("Acme Lead Checker set ALC status to Complete")
    expect(record.locator("#announcer")).to_have_text("ALC status of Ada Lovelace: Complete")
    assert workspace.events.streams == 1


def test_when_the_tab_with_the_stream_closes_another_takes_over(open_page: Open, workspace: FakeWorkspace) -> None:
    """The other tab gets the lock, and fetches what has happened in between."""
    first, second = open_page("/people"), open_page(ADA)
    first.close()
    workspace.set_status(1, "Pending")
    expect(second.locator(".details .status")).to_have_text("Pending")


def test_what_happens_before_the_scripts_follow_is_not_missed(
    open_page: Open, context: BrowserContext, workspace: FakeWorkspace
) -> None:
    """A page gets the events since the one after which it was rendered."""

    def too_early(route: Route) -> None:
        workspace.set_status(1, "Pending")
        route.continue_()

    open_page("/people")  # this tab has the stream
    page = context.new_page()
    page.route("**/js/*.page.js", too_early)
    page.goto(ADA)
    expect(page.locator(".details .status")).to_have_text("Pending")


def test_a_server_without_room_for_a_stream_is_asked_every_two_seconds(
    open_page: Open, workspace: FakeWorkspace, console: list[str]
) -> None:
    """The fallback reads the same log, so no event is lost or later than that."""
    workspace.events.has_room = False
    page = open_page("/people")
    workspace.set_status(1, "Failed")
    expect(page.locator(f"[data-record='{record_id(1)}'] .status")).to_have_text("Failed")
    page.close()
    assert all("503" in console.pop() for _ in list(console))


def test_a_log_that_began_anew_has_the_page_drawn_again(open_page: Open, workspace: FakeWorkspace) -> None:
    """A restarted server has another log, so the page must not wait for the next number of the old one."""
    page = open_page(ADA)
    workspace.everyone[0] = replace(workspace.everyone[0], job_title="Countess of Lovelace")
    workspace.events.restart("b2")
    expect(page.get_by_text("Countess of Lovelace").first).to_be_visible()


def test_the_install_page_follows_the_connection(open_page: Open, workspace: FakeWorkspace) -> None:
    """Installation 4: from connecting to connected, without a reload."""
    workspace.view = replace(CONNECTED, status="connecting")
    page = open_page("/apps/alc?notice=connected")
    expect(page.get_by_text("Connecting: the app is registering")).to_be_visible()
    workspace.set_connection(CONNECTED)
    expect(page.get_by_text("Connected since")).to_be_visible()


def test_somebody_who_is_answering_is_not_interrupted(open_page: Open, workspace: FakeWorkspace) -> None:
    """The page is rendered again after the dialog is closed."""
    page = open_page("/apps/alc")
    page.get_by_role("button", name="Disconnect").click()
    workspace.set_connection(replace(CONNECTED, renewals=7))
    expect(page.locator(".dot")).to_have_attribute("data-connection", "active")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("renewed 7 times so far")).to_be_visible()


def test_somebody_who_is_on_the_way_to_another_page_arrives(open_page: Open, workspace: FakeWorkspace) -> None:
    """Rendering the page again then would make the browser cancel the navigation."""
    page, other = open_page("/apps/alc"), open_page("/people")
    under_way: list[Route] = []

    def hold(route: Route) -> None:
        under_way.append(route)

    page.route("**/people", hold)
    with page.expect_request("**/people"):
        page.get_by_role("link", name="People").click(no_wait_after=True)
    workspace.set_connection(replace(CONNECTED, status="disconnecting"))
    expect(other.locator(".dot")).to_have_attribute("data-connection", "disconnecting")  # by the first tab

    under_way[0].continue_()

    expect(page).to_have_url(re.compile("/people$"))


def test_a_task_that_a_workflow_creates_appears_on_the_record(open_page: Open, workspace: FakeWorkspace) -> None:
    """The list appears with the first one. Runs for other people are no news here."""
    page = open_page(ADA)
    tasks = page.get_by_role("region", name="Tasks")
    expect(tasks).to_have_count(0)
    workspace.set_tasks(2, TaskView("Call Grace", False, AT))
    workspace.set_tasks(1, TaskView("Call <b>Ada</b>", False, AT), TaskView("Write", True, AT))
    expect(tasks.get_by_role("listitem")).to_have_text([re.compile(r"Call <b>Ada</b> Open"), re.compile("Write Done")])
    expect(tasks.locator("svg:visible")).to_have_count(2)
