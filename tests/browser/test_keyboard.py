"""By keyboard: the palette, and the rows of the table."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace, make_person, record_id

Open = Callable[[str], Page]


def test_the_palette_runs_this_records_action_first(open_page: Open, stage: Stage) -> None:
    """Usage 1: Ctrl-K, Enter; then the focus returns."""
    page = open_page(f"/people/{record_id(2)}")
    page.keyboard.press("Control+k")
    combobox = page.get_by_role("combobox", name="Search people, actions")
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
    combobox = page.get_by_role("combobox", name="Search people, actions")
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
    expect(page.get_by_role("combobox", name="Search people, actions")).to_be_hidden()
    expect(page.get_by_role("button", name="Quick actions")).to_be_focused()


def test_the_palette_finds_people_and_enter_opens_one(open_page: Open, workspace: FakeWorkspace) -> None:
    """Words in any order, without accents; pages and actions come first. Enter may come before the answer."""
    workspace.everyone.append(make_person(9, "María José Echeverría", company="Maison Verdier"))
    page = open_page("/settings")
    page.keyboard.press("Control+k")
    page.keyboard.type("verdier maria")
    option = page.locator("#palette").get_by_role("option", selected=True)
    expect(option).to_contain_text("María José Echeverría")
    expect(option).to_contain_text("Maison Verdier")
    assert_accessible_in_both_themes(page)
    for _ in "maria":
        page.keyboard.press("Backspace")
    page.keyboard.type("jose")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/people/{record_id(9)}")


def test_the_palette_says_when_people_cannot_be_searched(
    open_page: Open, workspace: FakeWorkspace, console: list[str]
) -> None:
    """Pages are found all the same."""
    page = open_page("/settings")
    workspace.crm_is_away = True
    page.keyboard.press("Control+k")
    page.keyboard.type("doc")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text("Doctor")
    expect(page.locator("#palette").get_by_role("status")).to_contain_text("The CRM could not be reached.")
    console.clear()  # the browser notes the 503


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


def test_home_end_and_space_work_in_the_table(open_page: Open) -> None:
    """The first and the last row; Space selects, as in a list."""
    page = open_page("/people?sort=created_at")
    page.keyboard.press("j")
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="alan@bletchley.example")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Select alan@bletchley.example")).to_be_checked()
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="Ada Lovelace")).to_be_focused()
