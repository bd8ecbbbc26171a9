"""The widget on a person's page: what it says in each state of a lead, with ALC there or away."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.attio import TextWidget
from alc_app.attio.host.errors import QueryError
from alc_app.clients.alc_events import LeadProcessed
from alc_app.extensions.lead_record_widget import widget
from alc_app.extensions.load_lead_server import KEPT, REWRITE_AFTER, load_lead
from alc_app.leads import merges, sends, verdicts
from alc_app.runtime.stores.key_values import KeyValues
from tests.support.fakes.runtime import FakeRuntime, Outside, unreachable

RECORD, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ADA = {"person": {"name": {"full_name": "Ada Lovelace"}, "phone_numbers": ["+442079460018"]}}


def draw(query: object = ADA) -> TextWidget:
    """The card, its effects done as the host does them."""
    drawing: Any = widget(RECORD)
    reply: Any = None
    while True:
        try:
            effect = drawing.throw(reply) if isinstance(reply, Exception) else drawing.send(reply)
        except StopIteration as drawn:
            card: TextWidget = drawn.value
            return card
        reply = query if effect.name == "runQuery" else load_lead.run(*effect.data["args"])


def pending(outside: Outside) -> str:
    """A lead that ALC is at; returns our id of it."""
    key = sends.open_send(RECORD).id
    outside.leads[key] = {"id": "lead_1", "record_id": RECORD, "status": "processing"}
    sends.mark_sent(key, "lead_1")
    return key


def test_before_anything_was_sent_it_is_a_quiet_invitation(runtime: FakeRuntime, outside: Outside) -> None:
    """It names the person, and asks ALC nothing."""
    card = draw()

    assert (card.primary, card.decoration, card.link) == ("Not sent yet", None, None)
    assert "Ada Lovelace" in card.secondary
    assert not outside.calls


def test_without_a_phone_number_it_says_what_is_missing(runtime: FakeRuntime) -> None:
    """Usage 6 would only say no."""
    assert "Add a phone number to Ada" in draw({"person": {**ADA["person"], "phone_numbers": []}}).secondary


@pytest.mark.parametrize("query", [QueryError("Away."), {"person": None}])
def test_a_person_who_cannot_be_loaded_has_a_card_all_the_same(runtime: FakeRuntime, query: object) -> None:
    """The card says nothing wrong."""
    assert "this person" in draw(query).secondary


def test_while_alc_is_at_it_the_chat_is_shown_and_what_happens_next(runtime: FakeRuntime, outside: Outside) -> None:
    """Usage 8 to Later 10: each line with who said it."""
    said = [{"from": "agent", "text": "Hi Ada?"}, {"from": "lead", "text": "Yes."}]
    outside.leads[pending(outside)]["transcript"] = said

    card = draw()

    assert card.decoration and (card.decoration.text, card.decoration.color) == ("Pending", "amber")
    assert [(line.speaker, line.text) for line in card.transcript] == [
        ("ALC's agent", "Hi Ada?"),
        ("Ada Lovelace", "Yes."),
    ]
    assert card.link and card.link.href == "https://alc.test/leads/lead_1"
    assert "when ALC has a result" in card.secondary


def test_a_verdict_is_shown_with_its_summary_also_when_alc_is_away(runtime: FakeRuntime, outside: Outside) -> None:
    """What the webhook told is ours; only the chat is missing."""
    pending(outside)
    verdicts.apply_verdict(
        LeadProcessed(record_id=RECORD, status="Complete", lead_id="lead_1", interest="interested", summary="Call her.")
    )
    outside.fault("GET /api/v1/leads/", unreachable)

    card = draw()

    assert (card.primary, card.transcript) == ("Interested", [])
    assert card.secondary.startswith("Call her. ALC does not answer, so the chat is not shown right now")


def test_while_alc_is_away_the_chat_is_shown_as_it_was_last_seen(runtime: FakeRuntime, outside: Outside) -> None:
    """For a day, and it says from when: what ALC has told is a cache (`kv`)."""
    lead = outside.leads[pending(outside)]
    for said in (["Hi Ada?"], ["Hi Ada?", "Are you there?"]):
        lead["transcript"] = [{"from": "agent", "text": text} for text in said]
        draw()
    outside.fault("GET /api/v1/leads/", unreachable, unreachable)

    card = draw()

    assert [line.text for line in card.transcript] == ["Hi Ada?", "Are you there?"]
    assert "ALC does not answer. This is the chat as of" in card.secondary
    runtime.time += KEPT
    card = draw()
    assert (card.transcript, "so the chat is not shown right now" in card.secondary) == ([], True)


def test_a_chat_of_a_connection_that_is_gone_is_not_shown(runtime: FakeRuntime, outside: Outside) -> None:
    """Whoever disconnects has taken back what ALC may tell here."""
    outside.leads[pending(outside)]["transcript"] = [{"from": "agent", "text": "Hi?"}]
    assert draw().transcript
    runtime.connected = False

    card = draw()

    assert not card.transcript
    assert card.secondary.startswith("Acme Lead Checker is not connected")


def test_a_look_is_kept_once_a_minute_and_at_every_turn_of_the_chat(
    runtime: FakeRuntime, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card is drawn by everybody who looks; that must not be a write each time."""
    kept: list[str] = []

    def keep(key: str, value: object, ttl_in_seconds: float | None) -> None:
        kept.append(key)
        KeyValues.set(runtime.kv, key, value, ttl_in_seconds)

    monkeypatch.setattr(runtime.kv, "set", keep)
    lead = outside.leads[pending(outside)]
    for seconds, text, times in ((0.0, "Hi?", 1), (1.0, "Hi?", 1), (1.0, "Hello?", 2), (REWRITE_AFTER, "Hello?", 3)):
        runtime.time += seconds
        lead["transcript"] = [{"from": "agent", "text": text}]
        draw()
        assert len(kept) == times


def test_a_chat_that_cannot_be_kept_is_shown_all_the_same(
    runtime: FakeRuntime, outside: Outside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """C14: a full disk takes nothing from the page; what was said is in no log."""

    def full(*_: object) -> None:
        raise OSError("The disk is full.")

    monkeypatch.setattr(runtime.kv, "set", full)
    outside.leads[pending(outside)]["transcript"] = [{"from": "agent", "text": "Hi Ada?"}]

    assert draw().transcript
    assert "could not be cached" in caplog.text
    assert "Hi Ada" not in caplog.text


def test_a_send_that_came_to_nothing_says_so(runtime: FakeRuntime, outside: Outside) -> None:
    """And what to do."""
    key = sends.open_send(RECORD).id
    sends.mark_not_sent(key, "No.")

    assert draw().decoration is not None
    assert draw().primary == "The last send failed"


def test_while_it_is_being_sent_nobody_is_asked(runtime: FakeRuntime, outside: Outside) -> None:
    """ALC has no id for it yet."""
    sends.open_send(RECORD)

    assert draw().primary == "Being sent to ALC"
    assert not outside.calls


def test_of_two_leads_of_a_merged_record_the_chat_under_way_is_shown(runtime: FakeRuntime, outside: Outside) -> None:
    """As on the record itself, also if the other lead is younger."""
    pending(outside)
    runtime.time += 1
    sends.mark_not_sent(sends.open_send(OTHER).id, "No.")
    merges.move_leads(OTHER, RECORD)

    card = draw()

    assert card.decoration and card.decoration.text == "Pending"
