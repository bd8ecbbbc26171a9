"""Nothing moves under the eye: room is kept for what comes later, and an open dock is there at the first paint."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_dock import send
from tests.support.fakes.workspace import FakeWorkspace, make_person, record_id

Open = Callable[..., Page]
GRACE = f"/people/{record_id(2)}"
MOST = 0.02
OBSERVE = """window.shift = 0;
new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) window.shift += value;
}).observe({ type: "layout-shift", buffered: true });"""
DOCK_OPEN = """if (location.protocol === "http:") {
    localStorage.setItem("alc-dock", JSON.stringify({ record: { open: true } }));
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=str)
@pytest.mark.parametrize("dock", ["closed", "open"])
def test_a_record_stands_still_while_its_card_comes(
    workspace: FakeWorkspace, context: BrowserContext, size: tuple[int, int], dock: str
) -> None:
    """The card's chat is the last to arrive, and the dock is where its reader has left it."""
    send(workspace.events, number=2, name="Grace Hopper", status="Complete")
    page = context.new_page()
    page.add_init_script(OBSERVE + (DOCK_OPEN if dock == "open" else ""))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(GRACE)
    expect(page.locator(".transcript li").first).to_be_visible()
    if dock == "open" and size[0] > 900:
        expect(page.locator(".arrow").first).to_be_visible()
    page.evaluate(FRAMES)
    assert page.evaluate("window.shift") <= MOST


@pytest.mark.parametrize("path", ["/people", "/apps/alc", "/tutorial", "/inspector", "/runs/t1"])
def test_other_pages_stand_still(open_page: Open, workspace: FakeWorkspace, path: str) -> None:
    """With a full table, a run, and the dock's line."""
    send(workspace.events, status="Complete")
    workspace.everyone = [make_person(number, f"Person Number {number}") for number in range(1, 60)]
    page = open_page(path, OBSERVE)
    page.evaluate(FRAMES)
    assert page.evaluate("window.shift") <= MOST
