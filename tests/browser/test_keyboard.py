"""By keyboard: the palette, and the rows of the table."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import record_id

Open = Callable[[str], Page]


def test_the_palette_runs_this_records_action_first(open_page: Open, stage: Stage) -> None:
    """Usage 1: Ctrl-K, Enter; then the focus returns."""
    page = open_page(f"/people/{record_id(2)}")
    page.keyboard.press("Control+k")
    combobox = page.get_by_role("combobox", name="Search actions")
    expect(combobox).to_be_focused()
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text("Send to ALC")
    page.keyboard.press("Enter")
    expect(combobox).to_be_hidden()
    expect(page.get_by_role("button", name="Send to ALC")).to_have_attribute("aria-busy", "false")
    assert stage.clicks == [f"{record_id(2)} send-to-alc"]


def test_the_palette_goes_where_the_arrows_and_words_say(open_page: Open) -> None:
    """As in the ARIA combobox pattern, the input keeps the focus and names the active option."""
    page = open_page(f"/people/{record_id(2)}")
    page.keyboard.press("Control+k")
    combobox = page.get_by_role("combobox", name="Search actions")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text("ALC console")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text("Send to ALC")
    page.keyboard.type("checker ac")
    expect(combobox).to_have_attribute("aria-activedescendant", "run-1")
    page.keyboard.press("ArrowDown")
    expect(combobox).to_have_attribute("aria-activedescendant", "go-alc")
    page.keyboard.press("Enter")
    page.wait_for_url("**/apps/alc")


def test_a_word_that_matches_nothing_is_said_to(open_page: Open) -> None:
    """Enter then does nothing, and Escape closes."""
    page = open_page("/people")
    page.get_by_role("button", name="Quick actions").click()
    page.keyboard.type("zzz")
    expect(page.get_by_text("Nothing matches. Try another word.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Search actions")).to_be_hidden()
    expect(page.get_by_role("button", name="Quick actions")).to_be_focused()


def test_j_and_k_move_through_the_people_and_enter_opens_one(open_page: Open) -> None:
    """In the search box they type letters."""
    page = open_page("/people?sort=created_at")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Grace Hopper")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Ada Lovelace")).to_be_focused()
    page.get_by_role("searchbox").press("j")
    expect(page.get_by_role("searchbox")).to_have_value("j")
    page.get_by_role("link", name="Grace Hopper").press("Enter")
    page.wait_for_url(f"**/people/{record_id(2)}")
