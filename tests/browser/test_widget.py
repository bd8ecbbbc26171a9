"""The ALC card on a person's page: not sent, a chat in progress, a result; it updates in every open tab."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.workspace import COMPLETE_CARD, PENDING_CARD, FakeWorkspace, record_id

Open = Callable[[str], Page]


def test_the_card_goes_from_invitation_to_result_without_a_hand(open_page: Open, workspace: FakeWorkspace) -> None:
    """It is rendered again with each change of its record."""
    page = open_page(f"/people/{record_id(1)}")
    card = page.get_by_role("region", name="ALC", exact=True)
    expect(card).to_contain_text("Not sent yet")
    for status, drawn in (("Pending", PENDING_CARD), ("Complete", COMPLETE_CARD)):
        workspace.cards[record_id(1)] = drawn
        workspace.set_status(1, status)
        expect(card.locator(".badge")).to_have_text(status)
    expect(card).to_contain_text("wants to know more and asked for a call")
    expect(card.get_by_role("link", name="Open in ALC's console")).to_have_attribute(
        "href", "http://127.0.0.1:8001/leads/lead_7f2a"
    )


def test_a_chat_under_way_is_followed(open_page: Open, workspace: FakeWorkspace) -> None:
    """There is no event for a chat message, so the card polls while the chat is in progress."""
    page = open_page(f"/people/{record_id(4)}")
    expect(page.locator(".transcript li")).to_have_count(3)
    said = {"speaker": "Radia Perlman", "text": "Tomorrow after ten.", "is_theirs": True}
    workspace.cards[record_id(4)] = PENDING_CARD | {"transcript": [*PENDING_CARD["transcript"], said]}
    expect(page.locator(".transcript li")).to_have_count(4)


def test_a_card_that_does_not_come_says_so(open_page: Open, console: list[str]) -> None:
    """The rest of the page is shown."""

    def cut(page: Page) -> Page:
        page.context.route("**/widgets/*.json", lambda route: route.abort())
        return page

    page = cut(open_page("/people"))
    page.goto(f"/people/{record_id(2)}")
    expect(page.get_by_text("This did not load.")).to_be_visible()
    expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    console.clear()


def test_axe_finds_nothing_on_a_record_with_a_chat(open_page: Open) -> None:
    """Bubbles, badge and link, in both themes."""
    for number in (2, 4):
        page = open_page(f"/people/{record_id(number)}")
        expect(page.locator(".transcript li").first).to_be_visible()
        assert_accessible_in_both_themes(page)
