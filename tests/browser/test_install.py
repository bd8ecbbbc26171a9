"""The install page in a browser: connect and disconnect."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from alc_app.attio.host.runs import FinishedStep
from alc_app.pages import ConnectionView, ConnectRun
from tests.support.fakes.workspace import CONNECT_RUN, CONNECTED, FakeWorkspace

Open = Callable[[str], Page]


def test_connecting_leads_away_and_back_to_a_connected_app(open_page: Open, workspace: FakeWorkspace) -> None:
    """Installation 1-4: Connect is a link, because the policy form-action would block a form that leads to ALC."""
    workspace.view = ConnectionView("none")
    page = open_page("/apps/alc")
    page.get_by_role("link", name="Connect", exact=True).click()
    expect(page.get_by_text("Acme Lead Checker is connected.")).to_be_visible()
    expect(page.get_by_text("Connected since")).to_be_visible()


def test_disconnecting_is_confirmed_first(open_page: Open, workspace: FakeWorkspace) -> None:
    """Removal 1: Escape keeps the connection; the button submits the form with its CSRF token."""
    page = open_page("/apps/alc")
    disconnect = page.get_by_role("article").get_by_role("button", name="Disconnect")
    disconnect.click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert workspace.view == CONNECTED
    disconnect.click()
    page.get_by_role("alertdialog").get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Acme Lead Checker is disconnected.")).to_be_visible()
    assert workspace.view == ConnectionView("none")


def test_the_steps_of_a_connection_are_seen_as_they_run(open_page: Open, workspace: FakeWorkspace) -> None:
    """Installation 4-7: steps are done, running or waiting; in the end the page shows the outcome and the steps."""
    workspace.run = ConnectRun([FinishedStep("exchange_code", 21.0)], is_over=False)
    page = open_page("/apps/alc?connecting=c0ffee")
    steps = page.locator(".steps li")
    expect(steps.nth(0)).to_have_attribute("data-state", "done")
    expect(steps.nth(1)).to_have_attribute("data-state", "running")
    workspace.run = ConnectRun(CONNECT_RUN.done[:3], is_over=False)
    expect(steps.nth(2)).to_have_attribute("data-state", "done")
    expect(steps.nth(2)).to_contain_text("38 ms")
    expect(steps.nth(4)).to_have_attribute("data-state", "waiting")
    workspace.run = CONNECT_RUN
    page.wait_for_url("**/apps/alc?notice=connected")
    expect(page.get_by_text("How it was connected")).to_be_visible()
    expect(page.locator(".steps [data-state=done]")).to_have_count(5)
