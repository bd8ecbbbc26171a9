"""The live sequence in a browser: calls appear, wait and are answered."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.support.accessibility import assert_accessible
from tests.support.fakes.event_log import EventLog
from tests.support.fakes.workspace import FakeWorkspace, record_id

Open = Callable[[str], Page]
ADA = f"/people/{record_id(1)}"
CLICK = {"detail_of_button": "Send to ALC", "record_id": record_id(1)}
REQUEST = {
    "method": "POST",
    "url": "http://alc.test/api/v1/leads",
    "headers": {"Authorization": "Bearer •••", "Content-Type": "application/json", "Accept": "*/*"},
    "body": '{"recordId":"it\'s Ada"}',
}
RESPONSE = {"status": 201, "headers": {"Content-Type": "application/json"}, "body": '{"id":"lead_1"}'}


@pytest.fixture
def log(workspace: FakeWorkspace) -> EventLog:
    return workspace.events


def click(log: EventLog) -> None:
    """Record the calls of a click up to the request to ALC."""
    log.note("User", "Attio UI", "Clicks button", step="Usage 3", detail=CLICK)
    log.note("Attio UI", "Record Action", "Fires on_trigger()", step="Usage 4")
    log.note("Server Function", "ALC", "POST request", call="c1", step="Usage 8", detail={"request": REQUEST})


def answer(log: EventLog) -> None:
    log.note("ALC", "Server Function", "201 Created", kind="answer", call="c1", detail={"response": RESPONSE, "ms": 34})


def dock(page: Page) -> Locator:
    return page.get_by_role("button", name="Live sequence", exact=True)


@pytest.fixture
def open_dock(open_page: Open) -> Open:
    """Open a page, and its dock by hand."""

    def open_(path: str) -> Page:
        page = open_page(path)
        dock(page).click()
        return page

    return open_


def arrow(page: Page, words: str) -> Locator:
    return page.locator(".arrow", has_text=words)


def test_a_call_appears_when_it_begins_and_waits_for_its_answer(open_dock: Open, log: EventLog) -> None:
    """Each arrow is drawn when the call starts, and again when it ends."""
    page = open_dock(ADA)
    click(log)
    expect(arrow(page, "POST request")).to_have_attribute("data-waiting", "")
    answer(log)
    expect(arrow(page, "201 Created")).to_contain_text("34 ms")
    expect(arrow(page, "POST request")).not_to_have_attribute("data-waiting", "")
    names = page.get_by_role("list", name="Participants").get_by_role("listitem")
    expect(names).to_have_text(
        ["User", "Attio UI", "Record Action", "GraphQL", "Server Function", "ALC", "Webhook", "Attio API"]
    )


def test_some_time_later_is_drawn_as_such(open_dock: Open, log: EventLog) -> None:
    """A note over all lifelines as in the tutorial, with the time that has passed."""
    click(log)
    answer(log)
    log.note("ALC", "Webhook", "Calls the app's webhook", step="Later 10", at=1_800_000_064.0)
    expect(open_dock(ADA).get_by_text("Some time later… (60.0 s)")).to_be_visible()


def test_what_happens_in_a_story_stands_between_the_calls(
    open_dock: Open, log: EventLog, context: BrowserContext
) -> None:
    """With its time, as a note across the lanes; in Mermaid too. The run has a name of its own."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_dock("/tutorial")
    log.note("User", "ALC", "Person 1 is sent; twice.", kind="note")
    click(log)

    expect(page.get_by_role("list", name="Messages").get_by_role("listitem").first).to_have_text(
        re.compile(r"^\d\d:\d\d:\d\d Person 1 is sent; twice\.$")
    )
    expect(page.get_by_role("combobox", name="Run").locator("option").nth(1)).to_contain_text("A story")
    page.get_by_role("button", name="Copy as Mermaid").click()
    expect(page.locator("#announcer")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Note over User,Attio API: Person 1 is sent#59; twice." in copied


def test_a_message_opens_over_the_diagram(open_dock: Open, log: EventLog) -> None:
    """It shows method, path, headers without secrets, bodies, time and the source lines; Escape closes it."""
    click(log)
    answer(log)
    page = open_dock(ADA)
    arrow(page, "POST request").click()
    panel = page.get_by_role("complementary", name="Server Function → ALC")
    for told in (
        "POST http://alc.test/api/v1/leads",
        "Bearer •••",
        "Response 201",
        "lead_1",
        "Usage 8",
        "alc_app/a_file.py",
    ):
        expect(panel).to_contain_text(told)
    expect(panel).not_to_contain_text("Accept: */*")
    expect(panel.locator(".line.hot").first).to_have_text("line 3")
    expect(panel).to_contain_text("send-to-alc.server.ts, the tutorial's own")
    expect(panel.locator(".c-keyword").first).to_have_text("const")
    expect(panel).to_contain_text('await fetch("https://api.acmeleadchecker.ai/api/v1/leads", {')
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_message_is_copied_as_curl_and_the_run_as_mermaid(open_dock: Open, log: EventLog) -> None:
    """The copy can be pasted: quotes are escaped, and secrets are variables."""
    click(log)
    answer(log)
    page = open_dock(ADA)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    arrow(page, "POST request").click()
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#announcer")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[0] == "curl -X POST 'http://alc.test/api/v1/leads' \\"
    assert '-H "Authorization: Bearer $TOKEN"' in copied
    assert "it'\\''s Ada" in copied
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Copy as Mermaid").click()
    expect(page.locator("#announcer")).to_have_text("Copied.")
    mermaid = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert mermaid[:2] == ["sequenceDiagram", "    actor User"]
    assert "    Server Function->>ALC: POST request" in mermaid
    assert "    ALC-->>Server Function: 201 Created" in mermaid
