"""Only parts of a page scroll, never the document: the browser's Find would scroll it to a blank page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.test_looks import PAGES
from tests.support.fakes.workspace import FakeWorkspace, make_person

Open = Callable[[str], Page]
LENGTH = "[document.scrollingElement.scrollHeight - innerHeight, document.body.scrollHeight - innerHeight]"
SCROLL_TO_HIDDEN = """() => {
    for (const hidden of document.querySelectorAll(".visually-hidden")) hidden.scrollIntoView();
    return [document.scrollingElement.scrollTop, document.body.scrollTop];
}"""


@pytest.mark.parametrize("path", [*PAGES, "/settings", "/labs/stories", "/inspector?tab=deliveries"])
def test_no_document_is_longer_than_its_window(open_page: Open, workspace: FakeWorkspace, path: str) -> None:
    """Whatever is hidden from the eye scrolls with the words around it."""
    workspace.everyone = [make_person(number, f"Person Number {number}") for number in range(1, 60)]
    page = open_page(path)
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(LENGTH) == [0, 0], width
        assert page.evaluate(SCROLL_TO_HIDDEN) == [0, 0], width
