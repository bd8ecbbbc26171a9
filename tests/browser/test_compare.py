"""The tutorial's code beside ours, in a browser: from the overview to the lab that shows a difference."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.accessibility import assert_accessible_in_both_themes

Open = Callable[[str], Page]
IS_BESIDE = """() => {
  const [left, right] = document.querySelector("[data-differs] .beside").children;
  return Math.abs(left.getBoundingClientRect().top - right.getBoundingClientRect().top) < 2;
}"""


def test_a_difference_is_found_read_and_watched(open_page: Open) -> None:
    """By keyboard: the overview, a file, its switch to Python, and the lab."""
    page = open_page("/tutorial")
    page.get_by_role("link", name="Compare", exact=True).press("Enter")
    page.get_by_role("link", name="send-to-alc.server.ts").press("Enter")
    difference = page.get_by_role("region", name="Difference 1")
    expect(difference).to_contain_text("sends with each click")
    expect(difference).to_contain_text("export default async function sendToAlc")

    page.get_by_role("link", name="Python", exact=True).press("Enter")
    expect(difference).to_contain_text(
        "def send_to_alc(record_id: str, name: str, phone_number: str) -> dict[str, Any]:"
    )
    assert_accessible_in_both_themes(page)

    difference.get_by_role("link", name="See it break: Double click").press("Enter")
    expect(page.get_by_role("heading", name="Double click", level=1)).to_be_visible()


def test_the_files_stand_side_by_side_and_below_each_other_on_a_phone(open_page: Open) -> None:
    """Axe finds nothing in either, and no line makes the page scroll sideways."""
    page = open_page("/compare/lead-processed.webhook.ts")
    assert page.evaluate(IS_BESIDE)
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate(IS_BESIDE)
    assert page.evaluate(
        "document.querySelector('.compare').scrollWidth <= document.querySelector('.compare').clientWidth"
    )
    assert_accessible_in_both_themes(page)


def test_code_is_coloured_and_copied(open_page: Open) -> None:
    """By classes, as the content security policy allows; the clipboard gets the lines as they are in the file."""
    page = open_page("/compare/connection-added.event.ts")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    passage = page.get_by_role("figure", name="alc_app/events/connection_added.py, lines 17 to 18")
    colours = passage.evaluate("e => [e.querySelector('.c-string'), e].map((one) => getComputedStyle(one).color)")
    assert colours[0] != colours[1]

    passage.get_by_role("button", name="Copy lines 17 to 18").click()

    expect(page.locator("#announcer")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "    # The file name must match the file in alc_app/webhooks, without the suffix\n"
        '    handler = create_webhook_handler(file_name="lead_processed")  # Installation 6\n'
    )


def test_a_copy_that_the_browser_does_not_allow_is_told(open_page: Open) -> None:
    """On the button and to screen readers; later it can be tried again."""
    page = open_page("/compare/connection-added.event.ts")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")
    copy = page.get_by_role("button", name="Copy lines 17 to 18")

    copy.click()

    expect(page.locator("#announcer")).to_have_text("Not copied. The browser does not allow it.")
    expect(copy).to_have_attribute("data-copied", "no")
    expect(copy).not_to_have_attribute("data-copied", "no")


def test_the_comparison_is_read_without_scripts(browser_without_scripts: Page) -> None:
    """Links and code are all there is; buttons that cannot work are not shown."""
    browser_without_scripts.goto("/compare/lead-processed.webhook.ts?as=python")
    expect(browser_without_scripts.get_by_text("The tutorial’s code verifies nothing")).to_be_visible()
    browser_without_scripts.get_by_text("Imports").click()
    expect(browser_without_scripts.get_by_text("import logging")).to_be_visible()
    expect(browser_without_scripts.get_by_role("button", name="Copy lines")).to_have_count(0)
