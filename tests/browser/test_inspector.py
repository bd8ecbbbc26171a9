"""The inspector in a browser: requests as they happen, searched and opened; deliveries, and Redeliver."""

import re
from collections.abc import Callable
from dataclasses import replace

from playwright.sync_api import Page, expect

from alc_app.pages.inspector_rows import DeliveryRow
from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.workspace import AT, FakeWorkspace, record_id

Open = Callable[[str], Page]
REQUEST = {
    "method": "POST",
    "url": "http://127.0.0.1/hooks/abc123…",
    "headers": {"webhook-id": "msg_1", "webhook-timestamp": "9"},
    "body": f'{{"event": "lead.processed", "record_id": "{record_id(2)}"}}',
}
WHY = "The signature is in hexadecimal."
DONE = DeliveryRow(
    "h1:msg_1", "msg_1", AT, "ALC", "lead.processed", "done", "Processed", "good", 1, "", record_id(2), True,
    "Grace Hopper",
)  # fmt: skip


def test_requests_arrive_and_are_completed_by_their_answers(open_page: Open, workspace: FakeWorkspace) -> None:
    """One row for a request and its response, with a column for each fact. It opens to its exact bytes."""
    log = workspace.events
    log.note("User", "Attio UI", "Clicks button")
    page = open_page("/inspector")
    listed = page.locator("table.log tbody tr")
    expect(listed).to_have_count(1)
    log.note("ALC", "Webhook", "Calls the app's webhook", call="c9", detail={"request": REQUEST})
    log.publish("exchange", log.messages[-1])
    expect(listed.first.locator(".state")).to_have_text("Waiting")
    refused = {"failed": True, "why": WHY, "ms": 2, "response": {"status": 401, "headers": {}, "body": ""}}
    log.note("Webhook", "ALC", "401 Unauthorized", kind="answer", call="c9", detail=refused)
    log.publish("exchange", log.messages[-1])
    expect(listed.first.locator(".state")).to_have_text("401 Unauthorized")
    cells = listed.first.locator("td")
    expect(cells.nth(1)).to_have_text("ALC → Webhook")
    expect(cells.nth(2)).to_have_text("POST")
    expect(cells.nth(3)).to_contain_text("/hooks/abc123…")
    expect(cells.nth(3)).to_contain_text(WHY)
    expect(cells.nth(6)).to_have_text("lead.processed")
    expect(cells.nth(7)).to_have_text("2 ms")
    listed.first.get_by_role("button", name="/hooks/abc123…").click()
    panel = page.get_by_role("complementary", name="ALC → Webhook")
    expect(panel).to_contain_text(f"Refused. {WHY}")
    expect(panel).to_contain_text("msg_1.9.{")  # what is signed
    assert_accessible_in_both_themes(page)


def test_requests_are_searched_and_the_address_can_be_shared(open_page: Open, workspace: FakeWorkspace) -> None:
    """All words must match, in any order; whoever opens the link sees the same."""
    for receiver, words in (("ALC", "POST request"), ("Attio API", "Reads the record")):
        workspace.events.note("Server Function", receiver, words)
    page = open_page("/inspector")
    listed = page.locator("table.log tbody tr")
    page.get_by_role("searchbox", name="Search requests").fill("record server")
    expect(listed).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=record\+server"))
    shared = open_page(page.url)
    expect(shared.locator("table.log tbody tr")).to_have_count(1)
    page.get_by_label("Failures only").check()
    expect(listed).to_have_count(0)
    page.get_by_role("link", name="Deliveries").click()
    expect(page).to_have_url(re.compile(r"q=record\+server.*failed=1|failed=1.*q=record\+server"))


def test_a_delivery_is_processed_again_in_its_place(open_page: Open, workspace: FakeWorkspace) -> None:
    """Redeliver runs the handler again, which is safe; the page stays where it is, and a toast says how it ended."""
    gone = replace(DONE, id="h1:msg_0", webhook_id="msg_0", state="forgotten", can_run_again=False)
    many = [replace(DONE, id=f"h1:m{number}", webhook_id=f"m{number}") for number in range(40)]
    workspace.delivered = [*many, DONE, gone]
    page = open_page("/inspector?tab=deliveries")
    row = page.locator("table.log tbody tr", has_text="msg_1")
    expect(row).to_contain_text("lead.processed")
    expect(row.get_by_role("link", name="Grace Hopper")).to_have_attribute("href", f"/people/{record_id(2)}")
    assert_accessible_in_both_themes(page)
    expect(page.locator("tr", has_text="msg_0").get_by_role("button", name="Redeliver")).to_be_hidden()
    row.get_by_role("button", name="Redeliver").click()
    expect(page.get_by_text("Processed again")).to_be_visible()
    assert page.locator(".inspector").evaluate("place => place.scrollTop") > 0
    expect(row.get_by_role("button", name="Redeliver")).to_be_focused()
    assert workspace.done == [("redeliver", "h1:msg_1")]


def test_a_redelivery_that_fails_again_says_why(open_page: Open, workspace: FakeWorkspace) -> None:
    """In the toast and in the row."""
    workspace.delivered = [replace(DONE, state="failed", status="Failed", tone="bad", why="Attio did not answer.")]
    page = open_page("/inspector?tab=deliveries&failed=1")
    page.get_by_role("button", name="Redeliver").click()
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("Failed again")
    expect(toast).to_contain_text("Attio did not answer.")


def test_the_newest_fifty_are_shown_and_more_on_demand(browser_without_scripts: Page, workspace: FakeWorkspace) -> None:
    """Without scripts too: tabs, search and redelivery are links and forms. A redelivery leads back to its place."""
    workspace.delivered = [replace(DONE, id=f"h1:msg_{number}", webhook_id=f"msg_{number}") for number in range(70)]
    page = browser_without_scripts
    page.goto("/inspector")
    page.get_by_role("link", name="Deliveries").click()
    listed = page.locator("table.log tbody tr")
    expect(listed).to_have_count(50)
    page.get_by_role("link", name="Load more").click()
    expect(listed).to_have_count(70)
    expect(page.get_by_role("link", name="Load more")).to_be_hidden()
    page.get_by_role("searchbox", name="Search deliveries").fill("msg_69")
    page.get_by_role("button", name="Search").click()
    expect(listed).to_have_count(1)
    page.get_by_role("button", name="Redeliver").click()
    expect(page.get_by_text("Delivery msg_69 is processed again.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=msg_69.*#delivery-h1:msg_69"))
    assert workspace.done == [("redeliver", "h1:msg_69")]


def test_a_phone_hides_no_filter_that_is_on(open_page: Open, workspace: FakeWorkspace) -> None:
    """Somebody may have shared an address with it. And no number stands there whose heading is hidden."""
    workspace.delivered = [DONE]
    page = open_page("/inspector?tab=deliveries&failed=1")
    page.set_viewport_size({"width": 390, "height": 800})
    filter_ = page.get_by_label("Failures only")
    expect(filter_).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator("tbody [data-slot=tries]")).to_be_hidden()
    filter_.uncheck()
    expect(filter_).to_be_hidden()
