"""`alc-app demo --sign-in` in a real browser: an admin, a member, and what each is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import assert_accessible
from tests.support.servers import demo as demos
from tests.support.servers.stack import free_ports

OpenAs = Callable[[str], Page]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo at which people sign in."""
    ports = ("--provider-port", str(free_ports(1)[0]))
    with demos.running(
        tmp_path_factory.mktemp("demo"), "--sign-in", *ports, welcome="Sign in as Robin, an admin"
    ) as made:
        yield made.url


@pytest.fixture
def console() -> Iterator[list[str]]:
    """What the consoles say. A test removes what it causes; the rest fails it."""
    written: list[str] = []
    yield written
    assert not written


@pytest.fixture
def open_as(demo: str, browser: Browser, console: list[str]) -> Iterator[OpenAs]:
    """A function that signs in as a person, in a browser of their own."""
    contexts = []

    def sign_in(name: str) -> Page:
        contexts.append(browser.new_context(base_url=demo, reduced_motion="reduce"))
        contexts[-1].on("console", lambda message: console.append(message.text))
        page = contexts[-1].new_page()
        page.goto("/people")
        expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
        page.get_by_role("button", name=name).click()
        page.wait_for_url(f"{demo}/people")
        page.locator("#live[data-state=open]").wait_for(state="attached")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def test_an_admin_and_a_member_see_what_they_may(open_as: OpenAs) -> None:
    """U4: one connects, with ALC's own session beside ours; the other sends. Each page shows who did it."""
    robin, imani = open_as("Robin Marsh"), open_as("Imani Castellanos")

    robin.goto("/apps/alc")
    robin.get_by_role("link", name="Connect", exact=True).click()
    robin.get_by_role("button", name="Sign in").click()
    robin.get_by_role("button", name="Allow").click()
    robin.wait_for_url("**/apps/alc?notice=connected")

    imani.goto("/apps/alc")
    expect(imani.get_by_text("Connected by")).to_be_visible()
    expect(imani.get_by_text("Robin Marsh")).to_be_visible()
    expect(imani.get_by_role("button", name="Disconnect")).to_be_disabled()
    expect(imani.get_by_text("Only an admin can connect")).to_be_visible()
    expect(imani.get_by_role("link", name="Settings")).to_have_count(0)
    assert_accessible(imani)

    imani.goto("/people")
    imani.get_by_role("link", name="Ada Lovelace").first.click()
    imani.get_by_role("button", name="Send to ALC").click()
    expect(imani.locator(".toast", has_text="Successfully sent to ALC!")).to_be_visible()
    expect(imani.locator("[data-field=alc_status]").first).to_have_text("Complete")
    expect(imani.locator(".activity")).to_contain_text("Imani Castellanos sent this person to ALC")

    robin.goto("/access")
    expect(robin.get_by_role("cell", name="imani@example.com")).to_be_visible()
    expect(robin.get_by_text("Pressed “Send to ALC” for Ada Lovelace")).to_be_visible()
    assert_accessible(robin)


def test_signing_out_leads_to_a_page_that_says_so_and_takes_the_other_tabs_along(
    open_as: OpenAs, console: list[str]
) -> None:
    """U4: a tab that was left open shows nothing any more, and leads to the sign-in by itself."""
    page = open_as("Imani Castellanos")
    tab = page.context.new_page()
    tab.goto("/people")
    tab.locator("#live[data-state=open]").wait_for(state="attached")

    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url("**/signed-out")
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert_accessible(page)
    expect(tab.get_by_role("heading", name="Who are you?")).to_be_visible()
    console[:] = [line for line in console if "401" not in line]  # what the tab has asked for since
