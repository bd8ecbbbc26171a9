"""The tutorial page in a real browser on real servers, up to Complete. The console must stay empty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.film import Film
from tests.support.people import User
from tests.support.servers.clients import Alc
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

NINETY_SECONDS = 90
SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
SENT = "Ada Lovelace"


@pytest.fixture
def page(context: BrowserContext, stack: Stack, disconnected_user: User) -> Iterator[Page]:
    """A tab on the people page, without a connection. After the test, its console must be empty."""
    disconnected_user.post("/tutorial/reset")
    written: list[str] = []
    context.on("console", lambda message: written.append(message.text))
    context.on("weberror", lambda error: written.append(str(error.error)))
    page = context.new_page()
    page.goto(f"{stack.app_url}/people")
    yield page
    assert not written


def decide(alc: Alc) -> None:
    """Let ALC's agent decide on the person that the tutorial sends."""

    def under_way() -> list[str]:
        return [lead["id"] for lead in alc.leads() if (lead["name"], lead["status"]) == (SENT, "processing")]

    alc.decide(eventually(under_way)[0])


def title(page: Page, text: str) -> None:
    """Wait until the panel shows this step."""
    expect(page.get_by_role("heading", name=text)).to_be_visible(timeout=15_000)


@pytest.fixture
def film(request: pytest.FixtureRequest) -> Iterator[Film]:
    """Film the first Complete for the README, if the pictures are to be taken: first of all, while there is none."""
    film = Film(SCREENSHOTS / "first-complete.gif" if request.config.getoption("--screenshots") else None)
    yield film
    film.save()


def test_a_stranger_comes_to_complete_by_hand(page: Page, alc: Alc, film: Film) -> None:
    """Five clicks from the first look: Connect, Sign in, Allow, a person, Send to ALC. Each place names the next."""
    began, strip = time.monotonic(), page.get_by_role("region", name="Tutorial")
    film.click(page, strip.get_by_role("link", name="Connect", exact=True), 1600)
    film.click(page, page.get_by_role("button", name="Sign in"))
    film.click(page, page.get_by_role("button", name="Allow"))
    title(page, "User views the record page.")
    film.click(page, page.locator("#step").get_by_role("link", name="Open Ada Lovelace"), 1300)
    expect(strip).to_contain_text("Step 10 of 24 Press Send to ALC")
    film.click(page, page.get_by_role("button", name="Send to ALC"), 1300)
    film.roll_until(page, strip.get_by_text("Wait a few seconds."))
    film.take(page, 1500)
    decide(alc)

    film.roll_until(page, page.locator("[data-field=alc_status]").first.get_by_text("Complete"))
    assert time.monotonic() - began < NINETY_SECONDS
    expect(strip).to_contain_text("the record says Complete.")
    film.take(page, 3000)
    strip.get_by_role("link", name="Show step 22").click()
    expect(page.locator("#milestone")).to_contain_text("One click, one chat, one result")
    page.get_by_role("link", name="Why a double click sends once").click()
    expect(page.get_by_role("heading", name="Double click", level=1)).to_be_visible()


def test_a_stranger_comes_to_complete_by_do_it_for_me(page: Page, alc: Alc) -> None:
    """Four clicks on one page; every step is marked as done without a reload."""
    began = time.monotonic()
    page.goto(page.url.replace("/people", "/tutorial"))
    page.evaluate("window.same = true")
    do = page.get_by_role("button", name="Do it for me")
    for text in (
        "User clicks to install the app.",
        "User logs into Acme Lead Checker to complete the OAuth flow.",
        "User views the record page.",
        "User clicks button.",
    ):
        title(page, text)
        do.click()
    expect(page.get_by_text("Successfully sent to ALC!", exact=True)).to_be_visible()
    title(page, "Acme Lead Checker's server calls a webhook provided by the app.")
    decide(alc)

    expect(page.locator("#milestone")).to_contain_text("One click, one chat, one result")
    assert time.monotonic() - began < NINETY_SECONDS
    title(page, "Load all our app's webhook handlers (there should only be one).")
    do.click()
    expect(page.locator("#milestone")).to_contain_text("You have seen all 24 steps.")
    onward = page.get_by_role("navigation", name="What next")
    expect(onward.get_by_role("link")).to_contain_text(["Break it", "Compare", "Inspector"])
    assert_accessible_in_both_themes(page)
    expect(page.locator("li[data-slug][data-state=done]")).to_have_count(24)
    assert page.evaluate("window.same")
