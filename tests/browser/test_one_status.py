"""A status, its colour and its card are one fact: in no frame do they disagree."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.support.fakes.scripted_actions import DONE, Stage
from tests.support.fakes.workspace import COMPLETE_CARD, PENDING_CARD, UNSENT_CARD, FakeWorkspace, record_id

Open = Callable[[str], Page]
RADIA = f"/people/{record_id(4)}"
SENDING_CARD: dict[str, Any] = UNSENT_CARD | {
    "primary": "Being sent to ALC",
    "decoration": {"text": "Sending", "color": "grey"},
}
SAMPLE = """() => {
    const texts = (all) => [...document.querySelectorAll(all)].map((e) => e.textContent);
    window.seen = new Set();
    const look = () => {
        const pills = [...document.querySelectorAll("[data-field=alc_status]")];
        window.seen.add(JSON.stringify({
            words: texts("[data-field=alc_status]"),
            named: pills.map((e) => e.dataset.status ?? ""),
            colours: pills.map((e) => getComputedStyle(e).color),
            badge: texts(".badge:not([hidden])"),
            badgeColours: [...document.querySelectorAll(".badge:not([hidden])")].map((e) => getComputedStyle(e).color),
            card: texts(".widget .primary")[0].trim(),
            activity: texts(".activity .status").slice(0, 1),
        }));
    };
    const all = {subtree: true, childList: true, attributes: true, characterData: true};
    new MutationObserver(look).observe(document.body, all);
    const frame = () => { look(); requestAnimationFrame(frame); };
    frame();
}"""
SAYS = {"Pending": "ALC's agent is chatting", "Complete": "Interested", "Sending": "Being sent to ALC"}


def disagreements(page: Page) -> list[str]:
    """Return the samples in which two places say two statuses, or a colour is another's."""
    samples: list[dict[str, Any]] = page.evaluate("[...seen].map(JSON.parse)")
    colours = {sample["words"][0]: sample["colours"][0] for sample in samples}  # the last seen for each
    assert len(set(colours.values())) == len(colours) > 1, samples

    def agrees(sample: dict[str, Any]) -> bool:
        word = sample["words"][0]
        card = SAYS.get(word, "") in (sample["card"], "") or not sample["card"]
        one_word = {*sample["words"], *sample["named"]} == {word} and sample["badge"] in ([], [word])
        colour = set(sample["colours"]) | set(sample["badgeColours"]) <= {colours[word]}
        return card and one_word and colour and (word == "Sending" or sample["activity"] in ([], [word]))

    return [str(sample) for sample in samples if not agrees(sample)]


def test_pill_card_and_activity_change_in_one_frame(open_page: Open, workspace: FakeWorkspace) -> None:
    """Over a whole run: sent, under way, decided. Word, colour, card and activity, sampled at each change and frame."""
    workspace.set_status(4, "Pending")
    page = open_page(RADIA)
    expect(page.locator(".badge")).to_have_text("Pending")
    page.evaluate(SAMPLE)
    for status, card in (("Complete", COMPLETE_CARD), ("Pending", PENDING_CARD), ("Complete", COMPLETE_CARD)):
        workspace.cards[record_id(4)] = card
        workspace.set_status(4, status)
        expect(page.locator(".badge")).to_have_text(status)
        expect(page.locator(".activity .status").first).to_have_text(status)
    assert disagreements(page) == []


def test_a_card_that_is_ahead_waits_for_the_record(open_page: Open, workspace: FakeWorkspace) -> None:
    """The card is asked every two seconds, and can know of a result before the record has been written."""
    workspace.set_status(4, "Pending")
    page = open_page(RADIA)
    expect(page.locator(".badge")).to_have_text("Pending")
    page.evaluate(SAMPLE)
    with page.expect_response("**/widgets/*.json"):
        workspace.cards[record_id(4)] = COMPLETE_CARD
    workspace.set_status(4, "Complete")
    expect(page.locator(".badge")).to_have_text("Complete")
    assert disagreements(page) == []


def test_a_card_that_is_late_does_not_keep_the_status_back(
    open_page: Open, workspace: FakeWorkspace, context: BrowserContext
) -> None:
    """The status changes all the same, and the card says nothing until it is there."""
    workspace.set_status(4, "Pending")
    page = open_page(RADIA)
    expect(page.locator(".badge")).to_have_text("Pending")
    page.evaluate(SAMPLE)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    context.route("**/widgets/*.json", hold)
    workspace.cards[record_id(4)] = COMPLETE_CARD
    workspace.set_status(4, "Complete")
    expect(page.locator(".details .status")).to_have_text("Complete")
    expect(page.locator(".widget")).to_have_attribute("aria-busy", "true")
    for route in held:
        route.continue_()
    context.unroute("**/widgets/*.json")
    expect(page.locator(".badge")).to_have_text("Complete")
    assert disagreements(page) == []


def test_a_person_who_is_being_sent_shows_it_everywhere(open_page: Open, workspace: FakeWorkspace) -> None:
    """The CRM has no such status, so the card's word stands in the fields too."""
    workspace.set_status(4, "Complete")
    workspace.cards[record_id(4)] = COMPLETE_CARD
    page = open_page(RADIA)
    expect(page.locator(".badge")).to_have_text("Complete")
    page.evaluate(SAMPLE)
    workspace.cards[record_id(4)] = SENDING_CARD
    workspace.set_status(4, "Complete")  # any change has the page look again
    expect(page.locator(".badge")).to_have_text("Sending")
    expect(page.locator(".details .status")).to_have_text("Sending")
    assert disagreements(page) == []


@pytest.mark.parametrize("number", [1, 6], ids=["new", "failed before"])
def test_a_click_shows_sending_at_once(open_page: Open, workspace: FakeWorkspace, stage: Stage, number: int) -> None:
    """Before anything is known: in the fields and on the card, from the click to the end of the action."""
    workspace.cards[record_id(number)] = UNSENT_CARD
    before = next(person.alc_status for person in workspace.everyone if person.record_id == record_id(number)) or ""
    held = Event()
    stage.script = (held, DONE)
    page = open_page(f"/people/{record_id(number)}")
    expect(page.locator(".widget")).to_have_attribute("aria-busy", "false")
    page.evaluate(SAMPLE)
    page.get_by_role("button", name="Send to ALC").first.click()
    expect(page.locator(".details .status")).to_have_text("Sending")
    expect(page.locator(".badge")).to_have_text("Sending")
    expect(page.locator(".why p")).to_contain_text("is being sent to ALC.")
    held.set()
    expect(page.locator(".why p")).not_to_contain_text("is being sent")
    expect(page.locator(".details .status")).to_have_text(before)
    assert disagreements(page) == []


def test_a_message_of_the_action_ends_sending(open_page: Open, stage: Stage) -> None:
    """What it says is known now: that the person was not sent, for example."""
    stage.script = ({"effect": "alert", "title": "No phone number found", "text": "Add one."}, DONE)
    page = open_page(f"/people/{record_id(1)}")
    page.get_by_role("button", name="Send to ALC").first.click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    expect(page.locator(".details .status")).to_have_text("")


def test_a_click_on_a_chat_under_way_does_not_say_sending(open_page: Open, stage: Stage) -> None:
    """Nobody is sent twice, so nothing is being sent."""
    held = Event()
    stage.script = (held, DONE)
    page = open_page(RADIA)
    expect(page.locator(".badge")).to_have_text("Pending")
    page.evaluate("""() => {
        window.said = new Set();
        const look = () => said.add(document.querySelector(".details .status").textContent);
        new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
    }""")
    with page.expect_response("**/actions/*"):
        page.get_by_role("button", name="Send to ALC").first.click()
    held.set()
    expect(page.get_by_role("button", name="Send to ALC").first).to_have_attribute("aria-busy", "false")
    assert "Sending" not in page.evaluate("[...said]")


@pytest.fixture
def begun(open_page: Open) -> None:
    """Somebody who has begun the tutorial, and so has the strip on every page."""
    open_page("/tutorial").close()


@pytest.mark.usefixtures("begun")
def test_the_strip_tells_of_a_status_after_the_record_shows_it(open_page: Open, workspace: FakeWorkspace) -> None:
    """The message on the wire is there first, and the strip waits for the record on this page."""
    write = {
        "method": "PATCH",
        "url": f"http://crm.test{RADIA}",
        "body": '{"data":{"values":{"alc_status":"Complete"}}}',
    }
    workspace.set_status(4, "Pending")
    page = open_page(RADIA)
    expect(page.locator("#strip")).to_contain_text("Press Send to ALC")
    workspace.exchanges.add_call("Webhook", "Attio API", f"PATCH {RADIA}", "200 OK", request=write)
    with page.expect_response("**/tutorial/state.json"):
        workspace.events.note("Webhook", "Attio API", "PATCH")
    expect(page.locator(".details .status")).to_have_text("Pending")
    expect(page.locator("#strip [data-slot=saw]")).to_be_hidden()
    workspace.cards[record_id(4)] = COMPLETE_CARD
    workspace.set_status(4, "Complete")
    expect(page.locator("#strip [data-slot=saw]")).to_contain_text("the record says Complete")
    expect(page.locator(".details .status")).to_have_text("Complete")


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_strip_shows_its_whole_sentence(open_page: Open, workspace: FakeWorkspace, width: int) -> None:
    """However long it is, at any width."""
    page = open_page(RADIA)
    page.set_viewport_size({"width": width, "height": 900})
    long = "The toast “Successfully sent to ALC, where an agent chats with this person by SMS” was shown. " * 2
    page.locator("#strip [data-slot=saw]").evaluate(
        "(saw, text) => { saw.hidden = false; saw.textContent = text; }", long
    )
    parts = "[...document.querySelectorAll('#strip, #strip *')].filter((e) => e.clientWidth)"
    assert page.evaluate(f"{parts}.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)") == []
    assert page.evaluate(
        "document.querySelector('#strip').scrollHeight <= document.querySelector('#strip').clientHeight"
    )
