"""What if: an arrow offers what can go wrong with it, and both sides are drawn beside each other."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.accessibility import assert_accessible, assert_accessible_in_both_themes
from tests.support.fakes.labs import CHOICES, FILE, REFERENCE
from tests.support.fakes.workspace import FakeWorkspace, record_id

Open = Callable[[str], Page]
ADA = f"/people/{record_id(1)}"
PAGE = f"/labs/what-if?story={REFERENCE}&sides=both"
REQUEST = {"method": "POST", "url": "http://alc.test/api/v1/leads", "headers": {}, "body": "{}"}


def begin_run(workspace: FakeWorkspace) -> None:
    """Log a click and its request: the message with the even number can go wrong."""
    about = {"detail_of_button": "Send to ALC", "record_id": record_id(1)}
    workspace.events.note("User", "Attio UI", "Clicks button", step="Usage 3", detail=about)
    workspace.events.note("Server Function", "ALC", "POST request", call="c1", detail={"request": REQUEST})


def open_arrow(page: Page, words: str) -> Locator:
    """Open the sequence, if it is closed, and an arrow of it; return the offer in its panel."""
    toggle = page.get_by_role("button", name="Live sequence", exact=True)
    if toggle.get_attribute("aria-expanded") != "true":
        toggle.click()
    page.locator("#drawing .arrow", has_text=words).click()
    return page.locator("#what-if")


def side(page: Page, name: str) -> Locator:
    return page.locator("#sides").get_by_role("region", name=name, exact=True)


def test_an_opened_arrow_offers_what_can_go_wrong_and_plays_it(
    open_page: Open, workspace: FakeWorkspace, browser: Browser, base_url: str, context: BrowserContext
) -> None:
    """Both sides are drawn, with what one alone has marked in words. Its link shows the same story to somebody else."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_page(ADA)
    begin_run(workspace)
    offer = open_arrow(page, "POST request")
    expect(offer.get_by_role("combobox", name="What if…").locator("option")).to_have_text([says for _, says in CHOICES])
    expect(offer.get_by_role("checkbox", name="Also on the tutorial’s code")).to_be_checked()
    assert_accessible(page)

    offer.get_by_role("button", name="Play it").click()

    page.wait_for_url(f"**{PAGE}")
    expect(side(page, "The tutorial’s code").locator(".outcome")).to_contain_text("Broken: A disconnect")
    for name, arrows, only in (("The tutorial’s code", 2, 0), ("This app", 4, 2)):
        expect(side(page, name).locator(".arrow")).to_have_count(arrows)
        expect(side(page, name).get_by_text("only here")).to_have_count(only)
        expect(side(page, name).get_by_role("list", name="Messages")).to_contain_text("The app is disconnected.")
    expect(page.get_by_role("row", name="Webhooks left at ALC")).to_contain_text("differs")
    assert workspace.labs.sides == [True]
    assert_accessible_in_both_themes(page)

    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#announcer")).to_have_text("Copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    elsewhere = browser.new_context(base_url=base_url).new_page()
    elsewhere.goto(link)
    expect(elsewhere.get_by_role("list", name="What happens")).to_contain_text(CHOICES[0][1])
    assert len(workspace.labs.files) == 1  # somebody else's link plays nothing by itself
    elsewhere.get_by_role("button", name="Play it").click()
    expect(side(elsewhere, "This app").locator(".arrow")).to_have_count(4)
    elsewhere.context.close()


def test_an_arrow_with_which_nothing_can_go_wrong_offers_nothing(open_page: Open, workspace: FakeWorkspace) -> None:
    """There is no empty offer."""
    page = open_page(ADA)
    begin_run(workspace)
    offer = open_arrow(page, "Clicks button")
    expect(page.get_by_role("complementary", name="User → Attio UI")).to_be_visible()
    expect(offer).to_be_hidden()


def test_the_tutorials_code_is_left_out_at_the_switch(open_page: Open, workspace: FakeWorkspace) -> None:
    """Then one side is drawn, and nothing differs."""
    page = open_page(PAGE)
    page.get_by_role("checkbox", name="Also on the tutorial’s code").uncheck()
    page.get_by_role("button", name="Play it").click()
    expect(side(page, "This app").locator(".outcome")).to_contain_text("Kept: A disconnect")
    expect(side(page, "The tutorial’s code")).to_be_hidden()
    expect(page.get_by_text("differs")).to_have_count(0)
    assert workspace.labs.sides == [False]


def test_an_arrow_of_a_played_story_can_be_opened(open_page: Open) -> None:
    """With its request; another fault is not offered, since the story has its own."""
    page = open_page(PAGE)
    page.get_by_role("button", name="Play it").click()
    side(page, "The tutorial’s code").locator(".arrow", has_text="Tells ALC to stop calling").click()
    panel = page.get_by_role("complementary", name="Event Handler → ALC")
    expect(panel).to_contain_text("DELETE http://alc.test/api/v1/webhooks/1")
    expect(page.locator("#what-if")).to_be_hidden()


def test_a_story_is_saved_as_a_file_that_can_be_opened_again(open_page: Open, tmp_path: Path) -> None:
    """By somebody else, on the page that opens a story."""
    page = open_page(PAGE)
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save story.json").click()
    saving.value.save_as(tmp_path / "story.json")
    assert json.loads((tmp_path / "story.json").read_text()) == {**FILE, "promise": ""}

    page.goto("/labs/stories")
    page.get_by_label("story.json").set_input_files(tmp_path / "story.json")
    expect(page.get_by_role("list", name="What happens")).to_contain_text("The app is disconnected.")


def test_both_drawings_stand_one_above_the_other_on_a_phone(open_page: Open) -> None:
    """Nothing but a drawing scrolls sideways."""
    page = open_page(PAGE)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Play it").click()
    expect(side(page, "This app").locator(".outcome")).to_contain_text("Kept: A disconnect")
    naive, ours = (side(page, name).bounding_box() for name in ("The tutorial’s code", "This app"))
    assert naive and ours and ours["y"] > naive["y"] + naive["height"]
    assert page.evaluate("document.getElementById('lab').scrollWidth <= document.getElementById('lab').clientWidth")
    assert_accessible_in_both_themes(page)


def test_a_link_that_names_something_unknown_says_so(open_page: Open, console: list[str]) -> None:
    """In place of a page that plays nothing."""
    page = open_page("/labs")
    page.goto("/labs/what-if?story=rain.1")
    expect(page.get_by_text("an event that ALC and the CRM do not know")).to_be_visible()
    console.clear()


def test_the_offer_fits_into_its_panel(open_page: Open, workspace: FakeWorkspace) -> None:
    """However long a choice is."""
    page = open_page(ADA)
    begin_run(workspace)
    offer = open_arrow(page, "POST request")
    offer.locator("option").first.evaluate("option => { option.textContent = 'very long '.repeat(30); }")
    assert offer.evaluate("offer => offer.scrollWidth <= offer.clientWidth")
