"""Only parts of a page scroll, and only down: the browser's Find would scroll a document to a blank page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.test_looks import PAGES
from tests.support.fakes.workspace import FakeWorkspace, make_person

Open = Callable[[str], Page]
LENGTH = "[document.scrollingElement.scrollHeight - innerHeight, document.body.scrollHeight - innerHeight]"
SIDEWAYS = """[document.documentElement, ...document.querySelectorAll("main, main *")]
    .filter((e) => e === document.documentElement || ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
    .filter((e) => e.scrollWidth > e.clientWidth)
    .map((e) => `${e.localName}.${e.className}`)"""


@pytest.mark.parametrize("path", [*PAGES, "/settings", "/labs/stories", "/inspector?tab=deliveries"])
def test_no_document_is_longer_or_wider_than_its_window(open_page: Open, workspace: FakeWorkspace, path: str) -> None:
    """From phone to wide screens, with many people, and very long words (U2).

    Whatever is hidden from the eye scrolls with the words around it.
    """
    endless = "x" * 2_000
    long = make_person(
        1,
        endless,
        email_addresses=(f"{endless}@people.example",),
        phone_numbers=("+1" * 50,),
        company=endless,
        alc_status=endless,
        alc_lead_id=endless,
        alc_interest=endless,
    )
    workspace.everyone = [long, *(make_person(number, f"Person Number {number}") for number in range(2, 60))]
    page = open_page(path)
    for width in (320, 390, 768, 1024, 1280, 2200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SIDEWAYS) == [], width
        assert page.evaluate(LENGTH) == [0, 0], width
