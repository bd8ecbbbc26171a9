"""ALC's console in a browser: chats, decisions, deliveries, and the controls of the mock."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from mock_alc.config import Config
from mock_alc.server import MockAlc
from tests.browser.test_scrolling import SIDEWAYS
from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.waiting import PATIENCE
from tests.unit.mock_alc.support import REDIRECT, Receiver, authorize_url

ENDLESS = "x" * 200
QUIET = 3_600.0
"""Seconds before the agent decides by itself: longer than any test."""
WIDTHS = (320, 390, 900, 1440, 2200)


@pytest.fixture(scope="module")
def mock_alc() -> Iterator[MockAlc]:
    """ALC as `mock-alc serve --control` runs it, with an agent that does not decide by itself."""
    with MockAlc(Config(port=0, database_url="sqlite://", control=True, decide_after=QUIET)) as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint that records its deliveries."""
    listening = Receiver()
    yield listening
    listening.close()


@pytest.fixture
def alc(mock_alc: MockAlc) -> MockAlc:
    """ALC, reset."""
    mock_alc.reset()
    return mock_alc


def call(alc: MockAlc, path: str, **body: object) -> dict[str, str]:
    """Send a POST request with an access token, and return the response's body."""
    token = requests.post(f"{alc.url}/_mock/tokens", timeout=PATIENCE).json()["access_token"]
    answer = requests.post(alc.url + path, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
    assert answer.ok, answer.text
    return dict(answer.json())


def send(alc: MockAlc, name: str = "Ada Lovelace") -> str:
    """Send a lead, and return the path of its page."""
    lead = call(alc, "/api/v1/leads", recordId="rec-1", name=name, phoneNumber="+442071838750")
    return f"/leads/{lead['id']}"


def fill(alc: MockAlc, receiver: Receiver, name: str) -> list[str]:
    """Create one of everything with this name, and return the paths of the pages that show them."""
    webhook = {"name": name, "url": receiver.url(f"/{ENDLESS}"), "event": "lead.processed"}
    hook = call(alc, "/api/v1/webhooks", **webhook)
    delivery = call(alc, f"/api/v1/webhooks/{hook['webhook_id']}/test")
    decided, going_on = send(alc, name), send(alc, name)
    call(alc, f"/_mock{decided}/decide")
    call(alc, "/_mock/scenarios/early")
    call(alc, "/_mock/faults", delivery="lead.processed", trouble="stale", times=None)
    letter = f"/deliveries/{delivery['delivery_id']}"
    return ["/", decided, going_on, "/webhooks", "/deliveries", letter, "/scenarios", "/faults", "/clock"]


@pytest.fixture(scope="module")
def session(window: BrowserContext, mock_alc: MockAlc) -> Any:
    """The cookies of a person who has signed in."""
    page = window.new_page()
    page.goto(mock_alc.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="No leads yet")).to_be_visible()
    page.close()
    return window.cookies()


@pytest.fixture
def page(context: BrowserContext, session: Any, alc: MockAlc) -> Page:
    """A tab that is signed in, and shows that there are no leads."""
    context.add_cookies(session)
    page = context.new_page()
    page.goto(alc.url)
    return page


def test_a_lead_appears_by_itself_and_is_decided_by_hand(page: Page, alc: MockAlc) -> None:
    """The list updates itself, the chat shows bubbles, and the button decides at once."""
    send(alc)
    page.get_by_role("link", name="Ada Lovelace").click()
    expect(page.locator(".chat .agent").first).to_contain_text("Ada")
    page.get_by_role("button", name="Not interested").click()
    expect(page.locator(".chat .verdict")).to_contain_text("is not looking for anything at the moment")
    expect(page.get_by_text("Decide now")).to_have_count(0)


def test_an_open_chat_follows_what_happens(page: Page, alc: MockAlc) -> None:
    """It updates itself, and the keyboard focus stays."""
    path = send(alc)
    page.goto(alc.url + path)
    menu = page.get_by_role("link", name="Webhooks")
    menu.focus()
    call(alc, f"/_mock{path}/decide")
    expect(page.locator(".chat .verdict")).to_contain_text("wants to know more")
    expect(page.locator(".conversation header .badge")).to_have_text("Complete")
    expect(menu).to_be_focused()


def test_a_tab_whose_session_has_ended_leads_to_the_login(page: Page, context: BrowserContext) -> None:
    """U4: it does not go on showing private data."""
    context.clear_cookies()
    expect(page.get_by_role("heading", name="Sign in to Acme Lead Checker")).to_be_visible()


def test_a_scenario_is_run_and_says_when_it_has_its_lead(page: Page, alc: MockAlc) -> None:
    """A scenario is started on its page, which shows when the lead has arrived."""
    page.get_by_role("link", name="Scenarios").click()
    page.get_by_role("button", name="Run never", exact=True).click()
    expect(page.get_by_text("never has started. Now send in your app.")).to_be_visible()
    expect(page.locator("#runs")).to_contain_text("Waits")
    send(alc)
    expect(page.locator("#runs")).to_contain_text("Playing")
    page.get_by_role("link", name="its lead").click()
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def test_time_passes_at_a_press_and_what_is_due_happens(page: Page, alc: MockAlc) -> None:
    """The clock is advanced, and every page says that it is."""
    path = send(alc)
    page.get_by_role("link", name="Clock").click()
    expect(page.get_by_role("link", name="The agent decides on Ada Lovelace")).to_be_visible()
    page.get_by_role("button", name="1 day").click()
    expect(page.get_by_text("No work is scheduled.")).to_be_visible()
    page.goto(alc.url + path)
    expect(page.get_by_role("navigation", name="Console")).to_contain_text("1 day ahead")
    expect(page.locator(".chat .verdict")).to_be_visible()


def test_a_fault_is_set_and_cleared(page: Page) -> None:
    """By keyboard alone."""
    page.get_by_role("link", name="Faults").click()
    page.get_by_label("How often: ALC is down").select_option("3 times")
    page.get_by_role("button", name="Set ALC is down").press("Enter")
    expect(page.locator("#armed")).to_contain_text("3 left")
    page.get_by_role("button", name="Clear ALC is down").press("Enter")
    expect(page.locator("#armed")).to_contain_text("No faults are set")


def test_an_open_delivery_stays_open_while_it_is_retried(page: Page, alc: MockAlc, receiver: Receiver) -> None:
    """W8: it shows headers and the signed string, and a resend appears below without closing it."""
    fill(alc, receiver, "lead-processed")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("button", name="Send test to lead-processed").click()
    expect(page.get_by_label("Signed string")).to_contain_text(re.compile(r"^msg_\w+\.\d+\.\{.*webhook\.test"))
    page.get_by_text("What was sent").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Resend").click()
    expect(page.locator(".attempts .line")).to_have_count(2)
    first = page.locator(".attempts details").first
    if first.get_attribute("open") is None:  # the newest delivery is open from the start
        first.locator("summary").click()
    requests.post(f"{alc.url}/_mock{page.url.removeprefix(alc.url)}/resend", timeout=PATIENCE)
    expect(page.locator(".attempts .line")).to_have_count(3)
    expect(first).to_have_attribute("open", "")


def test_a_webhook_is_deleted_after_a_question(page: Page, alc: MockAlc, receiver: Receiver) -> None:
    """Escape cancels, and returns the focus to the button."""
    fill(alc, receiver, "lead-processed")
    page.goto(f"{alc.url}/webhooks")
    delete = page.locator(".card > footer").get_by_role("button", name="Delete lead-processed")
    delete.press("Enter")
    question = page.get_by_role("dialog", name="Delete?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    delete.press("Enter")
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()


def test_axe_finds_nothing_on_any_page(page: Page, alc: MockAlc, receiver: Receiver) -> None:
    """Empty and full, in both themes, with a question open, and with a secret shown."""
    for path in ("/", "/webhooks", "/deliveries?state=failed", "/faults", "/clock"):
        page.goto(alc.url + path)
        assert_accessible_in_both_themes(page)
    for path in fill(alc, receiver, "lead-processed"):
        page.goto(alc.url + path)
        assert_accessible_in_both_themes(page)
    page.goto(f"{alc.url}/webhooks")
    page.get_by_role("button", name="Rotate secret of lead-processed").click()
    assert_accessible_in_both_themes(page)
    page.get_by_role("dialog").get_by_role("button", name="Rotate secret").click()
    expect(page.get_by_label("Signing secret")).to_contain_text("whsec_")
    assert_accessible_in_both_themes(page)


def test_axe_finds_nothing_on_the_way_in(page: Page, alc: MockAlc, console: list[str]) -> None:
    """The pages for sign-in, consent and an error."""
    client = requests.post(f"{alc.url}/_mock/clients", json={"redirect_uris": [REDIRECT]}, timeout=PATIENCE).json()
    page.get_by_role("button", name="Sign out").click()
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(alc.url + authorize_url(client["client_id"]))
    expect(page.get_by_text("asks for access to an account")).to_be_visible()
    assert page.evaluate(SIDEWAYS) == []
    assert_accessible(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("You return to 127.0.0.1:8000.")).to_be_visible()
    assert page.evaluate(SIDEWAYS) == []
    assert_accessible(page)
    page.goto(f"{alc.url}/leads/nobody")
    assert_accessible(page)
    console.clear()  # The browser logs the 404.


def test_no_page_scrolls_sideways(page: Page, alc: MockAlc, receiver: Receiver) -> None:
    """From phone to wide screens, with very long words (U2)."""
    for path in fill(alc, receiver, ENDLESS):
        page.goto(alc.url + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(SIDEWAYS) == [], (path, width)


def test_the_demo_password_is_on_one_line_and_can_be_copied(page: Page, alc: MockAlc, context: BrowserContext) -> None:
    """What is to be typed or copied does not break at a hyphen, even on a narrow phone."""
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=alc.url)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{alc.url}/login")
        shown = page.get_by_role("region", name="Demo account").get_by_text("let-me-in", exact=True)
        assert shown.evaluate("code => code.getClientRects().length") == 1
        assert shown.evaluate("code => code.scrollHeight") < 30
        assert page.evaluate(SIDEWAYS) == []
    page.get_by_role("button", name="Copy the password").click()
    expect(page.get_by_role("button", name="Copy the password")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "let-me-in"
    assert_accessible_in_both_themes(page)
