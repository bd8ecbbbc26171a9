"""The inspector in a browser: exchanges as they happen, filtered and opened; deliveries, and Redeliver."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from alc_app.pages import DeliveryView
from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.workspace import AT, FakeWorkspace

Open = Callable[[str], Page]
REQUEST = {
    "method": "POST",
    "url": "http://127.0.0.1/hooks/abc123…",
    "headers": {"webhook-id": "msg_1", "webhook-timestamp": "9"},
    "body": "{}",
}
WHY = "The signature is in hexadecimal."


def test_exchanges_arrive_and_are_completed_by_their_answers(open_page: Open, workspace: FakeWorkspace) -> None:
    """One row for a request and its response. A refused delivery says why, and opens to its exact bytes."""
    log = workspace.events
    log.note("User", "Attio UI", "Clicks button")
    page = open_page("/inspector")
    rows = page.locator("#exchanges tbody tr")
    expect(rows).to_have_count(1)
    log.note("ALC", "Webhook", "Calls the app's webhook", call="c9", detail={"request": REQUEST})
    expect(rows.first).to_contain_text("…")
    refused = {"failed": True, "why": WHY, "ms": 2, "response": {"status": 401, "headers": {}, "body": ""}}
    log.note("Webhook", "ALC", "401 UNAUTHORIZED", kind="answer", call="c9", detail=refused)
    expect(rows.first).to_contain_text(WHY)
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button").click()
    panel = page.get_by_role("complementary", name="ALC → Webhook")
    expect(panel).to_contain_text(f"Refused. {WHY}")
    expect(panel).to_contain_text("msg_1.9.{}")  # what is signed
    assert_accessible_in_both_themes(page)


def test_exchanges_are_filtered_by_words_and_by_failure(open_page: Open, workspace: FakeWorkspace) -> None:
    """All words must match, in any order."""
    for receiver, words in (("ALC", "POST request"), ("Attio API", "Reads the record")):
        workspace.events.note("Server Function", receiver, words)
    page = open_page("/inspector")
    rows = page.locator("#exchanges tbody tr:visible")
    page.get_by_role("searchbox", name="Filter exchanges").fill("record server")
    expect(rows).to_have_count(1)
    page.get_by_label("Failures only").check()
    expect(rows).to_have_count(0)
    expect(page.get_by_text("Nothing matches, or nothing has happened yet.")).to_be_visible()


def test_a_delivery_is_worked_through_once_more(open_page: Open, workspace: FakeWorkspace) -> None:
    """Redeliver runs the handler again, which is safe."""
    done = DeliveryView("h1:msg_1", "msg_1", AT, "done", 1, None, "{}")
    gone = DeliveryView("h1:msg_0", "msg_0", AT, "forgotten", 1, None, "")
    workspace.delivered = [done, gone]
    page = open_page("/inspector")
    expect(page.get_by_role("button", name="Redeliver")).to_have_count(1)
    page.get_by_role("button", name="Redeliver").click()
    page.wait_for_url("**/inspector")
    assert workspace.done == [("redeliver", "h1:msg_1")]
