"""The HTML file of a failing test, in a browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mock_alc.testing.wire.page import as_page
from tests.support.accessibility import assert_accessible_in_both_themes
from tests.unit.mock_alc.testing.wire.test_renderings import STORY


@pytest.fixture
def drawn(page: Page, tmp_path: Path) -> Page:
    """The page, opened as a file."""
    file = tmp_path / "wire.html"
    file.write_text(as_page(STORY))
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_is_cut_off(drawn: Page, width: int) -> None:
    """In light and in dark, with an exchange open, on a desk and on a phone."""
    drawn.set_viewport_size({"width": width, "height": 800})
    drawn.locator("summary").first.click()
    expect(drawn.get_by_text("Idempotency-Key: k").first).to_be_visible()
    assert_accessible_in_both_themes(drawn)
    assert drawn.evaluate("document.documentElement.scrollWidth") <= width


def test_an_exchange_opens_and_closes_without_a_script(drawn: Page) -> None:
    """By keyboard too."""
    body = drawn.get_by_text('"recordId": "ada"').first
    expect(body).to_be_hidden()
    drawn.locator("summary").first.focus()
    drawn.keyboard.press("Enter")
    expect(body).to_be_visible()
    drawn.keyboard.press("Enter")
    expect(body).to_be_hidden()
