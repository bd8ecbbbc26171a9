"""The tutorial in a real browser against real servers. The console must stay empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack

SCREENSHOTS = Path(__file__).parent.parent / "screenshots"


@pytest.fixture
def page(context: BrowserContext, stack: Stack) -> Iterator[Page]:
    """A tab. After the test, its console must be empty."""
    written: list[str] = []
    context.on("console", lambda message: written.append(message.text))
    context.on("weberror", lambda error: written.append(str(error.error)))
    yield context.new_page()
    assert not written


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Take a screenshot for the README, as CONTRIBUTING.md says."""

    def take(page: Page, name: str) -> None:
        if request.config.getoption("--screenshots"):
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take


def test_install_use_and_remove_as_the_tutorial_tells_it(
    page: Page, disconnected_user: User, stack: Stack, alc: Alc, attio: Attio, picture: Callable[[Page, str], None]
) -> None:
    """Installation 1-7, Usage 1-12, Later 10-11, Removal 1-3, without a single reload by hand."""
    ada = attio.find("Ada Lovelace")

    page.goto(f"{stack.app_url}/apps/alc")
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/apps/alc?notice=connected")
    expect(page.get_by_text("Acme Lead Checker is connected.")).to_be_visible()
    picture(page, "installed")

    page.goto(f"{stack.app_url}/people")
    page.get_by_role("link", name="Ada Lovelace").first.click()
    page.get_by_role("button", name="Send to ALC").click()
    expect(page.locator(".toast", has_text="Successfully sent to ALC!")).to_be_visible()
    expect(page.locator("[data-field=alc_status]").first).to_have_text("Pending")

    [lead] = [lead["id"] for lead in alc.leads(ada) if lead["status"] == "processing"]
    alc.decide(lead, "interested")

    expect(page.locator("[data-field=alc_status]").first).to_have_text("Complete")
    expect(page.locator(".activity")).to_contain_text(re.compile("Complete.*Pending", re.DOTALL))
    picture(page, "record")

    page.goto(f"{stack.app_url}/apps/alc")
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Disconnect").click()
    page.wait_for_url("**/apps/alc?notice=disconnected")
    assert not alc.webhooks()


def test_the_action_is_in_the_quick_actions_and_an_alert_names_the_missing_phone_number(
    page: Page, user: User, stack: Stack, attio: Attio
) -> None:
    """Usage 1: the button and the Cmd/Ctrl-K palette are one action; Usage 6: no phone number."""
    record_id = attio.add_person("Ines Castro")

    page.goto(f"{stack.app_url}/people/{record_id}")
    page.locator("#live[data-state=open]").wait_for(state="attached")
    page.keyboard.press("Control+K")
    page.keyboard.type("send")
    page.keyboard.press("Enter")

    alert = page.get_by_role("alertdialog")
    expect(alert).to_contain_text("No phone number found")
    alert.get_by_role("button", name="OK").click()
    expect(alert).to_be_hidden()


def test_a_lab_is_predicted_run_and_seen(page: Page, user: User, stack: Stack) -> None:
    """Break it: the lab of the forged signature; axe finds nothing on the page after the run."""
    page.goto(f"{stack.app_url}/people")
    page.get_by_role("link", name="Break it").first.click()
    page.get_by_role("link", name="Forged signature").click()
    page.get_by_role("radio", name="It accepts it.").check()
    page.get_by_role("button", name="Run it").click()

    columns = page.locator("#sides")
    naive = columns.get_by_role("region", name="The tutorial’s code")
    ours = columns.get_by_role("region", name="This app")
    expect(naive.locator(".outcome")).to_contain_text("The record says Complete.")
    expect(ours.locator(".outcome")).to_contain_text("The record does not change.")
    ends = page.locator("#ends tbody")
    expect(ends.locator("[data-side=naive]")).to_contain_text(["200", "Complete"])
    expect(ends.locator("[data-side=ours]")).to_contain_text(["401", "yes", "Pending"])
    expect(page.get_by_role("heading", name="You called it. Here is why.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"alc_app/runtime/signatures/standard_webhooks.py:\d+"))).to_be_visible()
    assert_accessible_in_both_themes(page)


def test_a_click_without_a_connection_leads_to_alc_and_back(
    page: Page, disconnected_user: User, stack: Stack, attio: Attio
) -> None:
    """Attio shows the same prompt: connect first. The record is there again afterwards."""
    record_id = attio.add_person("Ola Nordmann", "+442079460070")

    page.goto(f"{stack.app_url}/people/{record_id}")
    page.locator("#live[data-state=open]").wait_for(state="attached")
    page.get_by_role("button", name="Send to ALC").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow").click()

    expect(page.get_by_role("heading", name="Ola Nordmann")).to_be_visible()


def test_many_are_sent_at_once_and_whoever_was_not_is_named(
    page: Page, user: User, stack: Stack, alc: Alc, attio: Attio, picture: Callable[[Page, str], None]
) -> None:
    """Usage 5-12 for a selection: one chat each, and a reason for the person without a phone number."""
    sent = [attio.add_person(f"Zoe Bulk {number}", f"+4420794610{number:02}") for number in range(12)]
    attio.add_person("Zoe Bulk without a number")

    page.goto(f"{stack.app_url}/people")
    page.locator("#live[data-state=open]").wait_for(state="attached")
    page.locator("tbody .select input").nth(1).click()
    page.locator("tbody .select input").nth(4).click(modifiers=["Shift"])
    picture(page, "people")
    page.keyboard.press("Escape")

    page.goto(f"{stack.app_url}/people?q=Zoe+Bulk")
    page.locator("#live[data-state=open]").wait_for(state="attached")
    page.get_by_role("checkbox", name="Select everyone on this page").click()
    page.get_by_role("toolbar", name="Selection").get_by_role("button", name="Send to ALC").click()
    page.get_by_role("alertdialog", name="Send 13 people to ALC?").get_by_role("button", name="Send to ALC").click()

    alert = page.get_by_role("alertdialog", name="1 person not sent to ALC")
    expect(alert).to_contain_text("Zoe Bulk without a number: No phone number found.")
    alert.get_by_role("button", name="OK").click()
    expect(page.locator(".status[data-status=Pending]")).to_have_count(12)
    assert [len(alc.leads(record_id)) for record_id in sent] == [1] * 12
