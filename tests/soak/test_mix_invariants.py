"""Each invariant of the mix finds what it is about in evidence that is made up, and nothing in what is right."""

from __future__ import annotations

from dataclasses import replace

from tests.soak.mix.crm_gate import Write
from tests.soak.mix.evidence import AlcLead, Evidence, Verdict
from tests.soak.mix.invariants import JUST_MERGED, violations
from tests.soak.mix.journal import Entry, Family, Sends
from tests.soak.mix.people_operations import SENT
from tests.soak.mix.story import story

PENDING = {"alc_status": "Pending", "alc_lead_id": "lead_1", "alc_interest": None}
COMPLETE = {"alc_status": "Complete", "alc_lead_id": "lead_1", "alc_interest": "interested"}
NOTHING = dict.fromkeys(PENDING)


def click(at: float, record_id: str = "a", outcome: str = SENT, sends: Sends = "yes") -> Entry:
    """A click that is answered after a second."""
    return Entry(at, at + 1, "click", outcome, (record_id,), sends)


def lead(number: int, created: float, ended: float | None = None, record_id: str = "a") -> AlcLead:
    """A lead at ALC; if it has ended, the person is interested."""
    verdicts = () if ended is None else (Verdict(ended, "Complete", "interested"),)
    return AlcLead(f"lead_{number}", record_id, created, ended, verdicts)


def write(at: float, **values: str | None) -> Write:
    """A write to the record `a` that Attio has taken."""
    return Write(at, at + 0.1, "a", values, 200, "passes")


RIGHT = Evidence([click(10)], Family(), [lead(1, 10.5)], [], {"a": PENDING}, names={"a": "P1"})


def wrong(seen: Evidence) -> list[str]:
    """Return the rules that are broken."""
    return [one.rule for one in violations(seen)]


def merged(seen: Evidence, at: float, **changes: object) -> Evidence:
    """Return the evidence after `a` and `b` were merged into `c`."""
    family = Family()
    family.merge("a", "b", "c", at)
    return replace(seen, family=family, names={"a": "P1", "b": "P2", "c": "P3"}, **changes)


def test_one_click_one_chat_and_a_record_that_shows_it_are_right() -> None:
    """Also when the chat is over, and when another click has begun a second one after that."""
    over = replace(RIGHT, leads=[lead(1, 10.5, 20)], shown={"a": COMPLETE})
    again = replace(
        over, entries=[click(10), click(30)], leads=[lead(1, 10.5, 20), lead(2, 30.5)],
        shown={"a": PENDING | {"alc_lead_id": "lead_2"}},
    )  # fmt: skip

    assert not wrong(RIGHT)
    assert not wrong(over)
    assert not wrong(again)


def test_a_second_chat_while_the_first_is_open_is_found() -> None:
    """I1: though a second click has asked for it."""
    assert wrong(replace(RIGHT, entries=[click(10), click(12)], leads=[lead(1, 10.5), lead(2, 12.5)])) == ["1 one chat"]


def test_a_chat_that_nobody_has_asked_for_is_found() -> None:
    """The one click was answered before; what is still open may have begun it, and what was refused may not."""
    second = replace(RIGHT, leads=[lead(1, 10.5, 20), lead(2, 30)], shown={"a": PENDING | {"alc_lead_id": "lead_2"}})
    later = click(12, outcome="Still sending to ALC", sends="maybe")
    refused = click(29, outcome="Connect Acme Lead Checker", sends="no")

    assert wrong(second) == ["1 one intent"]
    assert wrong(replace(second, entries=[click(10), refused])) == ["1 one intent"]
    assert not wrong(replace(second, entries=[click(10), later]))


def test_two_chats_of_two_people_who_are_merged_are_right_and_a_third_is_not() -> None:
    """The record may show either; a click after the merge begins none."""
    two = merged(
        RIGHT, 15, entries=[click(10), click(10, "b")], leads=[lead(1, 10.5), lead(2, 10.5, record_id="b")],
        shown={"c": PENDING},
    )  # fmt: skip
    third = replace(two, entries=[*two.entries, click(40, "c")], leads=[*two.leads, lead(3, 40.5, record_id="c")])
    at_once = replace(two, entries=[*two.entries, click(16, "c")], leads=[*two.leads, lead(3, 16.5, record_id="c")])

    assert not wrong(two)
    assert wrong(third) == ["1 one chat", "1 one chat"]
    assert wrong(at_once) == [JUST_MERGED, JUST_MERGED]


def test_a_click_before_a_merge_may_begin_its_chat_after_it() -> None:
    """Attio tells of a merge a moment later, and the click was about another person."""
    late = merged(
        RIGHT, 12.2, entries=[click(10), click(12, "b")], leads=[lead(1, 10.5), lead(2, 12.5, record_id="b")],
        shown={"c": PENDING},
    )  # fmt: skip

    assert not wrong(late)


def test_a_merged_record_shows_the_latest_verdict_of_both() -> None:
    """Whichever lead is the younger one."""
    leads = [lead(1, 10.5, 30), lead(2, 11.5, 20, record_id="b")]
    both = merged(RIGHT, 15, entries=[click(10), click(11, "b")], leads=leads, shown={"c": COMPLETE})

    assert not wrong(both)
    assert wrong(replace(both, shown={"c": COMPLETE | {"alc_lead_id": "lead_2"}})) == ["2 the record"]


def test_a_record_that_does_not_show_its_lead_is_found() -> None:
    """Pending for ever, Requested for ever, nothing at all."""
    over = replace(RIGHT, leads=[lead(1, 10.5, 20)])

    assert wrong(over) == ["2 the record"]
    assert wrong(replace(RIGHT, shown={"a": NOTHING})) == ["2 the record"]
    assert wrong(replace(RIGHT, entries=[], leads=[], shown={"a": NOTHING | {"alc_status": "Requested"}}))
    assert not wrong(replace(RIGHT, entries=[], leads=[], shown={"a": NOTHING}))


def test_a_step_back_to_pending_is_found() -> None:
    """Of the same lead; another one may be pending after a verdict."""
    over = replace(RIGHT, leads=[lead(1, 10.5, 20)], shown={"a": COMPLETE})
    steps = [write(11, **PENDING), write(21, **COMPLETE)]

    assert not wrong(replace(over, writes=steps))
    assert not wrong(replace(over, writes=[*steps, write(22, **PENDING | {"alc_lead_id": "lead_2"})]))
    assert wrong(replace(over, writes=[*steps, write(22, **PENDING)])) == ["3 no step back"]


def test_what_no_person_should_read_is_found() -> None:
    """An unexpected error, a page that fails, and a success of which ALC knows nothing."""
    unexpected = click(12, outcome="Failed: Something unexpected happened.", sends="maybe")
    page = Entry(12, 13, "doctor", "HTTP 500")

    assert wrong(replace(RIGHT, entries=[click(10), unexpected])) == ["5 answers"]
    assert wrong(replace(RIGHT, entries=[click(10), page])) == ["5 answers"]
    assert wrong(replace(RIGHT, leads=[], shown={"a": NOTHING})) == ["5 answers"]


def test_a_success_that_is_about_a_chat_that_is_long_over_is_found() -> None:
    """K3: the click has joined a run that had ended. What the app was not told yet it may take for open."""
    over = replace(RIGHT, leads=[replace(lead(1, 10.5, 20), known=20.5)], shown={"a": COMPLETE})
    later = [click(10), click(50)]

    assert not wrong(replace(over, entries=[click(10), click(25)]))
    assert wrong(replace(over, entries=later)) == ["5 answers"]
    assert not wrong(replace(over, entries=later, leads=[lead(1, 10.5, 20)]))


def test_a_delivery_that_was_given_up_is_found() -> None:
    """Other dead letters are a person's to decide."""
    assert wrong(replace(RIGHT, dead_letters=["delivery:x:msg_1: It has failed."])) == ["6 processed"]
    assert not wrong(replace(RIGHT, dead_letters=["lead:x: Its record is gone."]))


def test_the_story_tells_in_order_what_happened_to_the_record() -> None:
    """With the answers of Attio, and nothing of other records."""
    other = click(11, "z")
    seen = replace(RIGHT, entries=[click(10), other], writes=[write(10.8, **PENDING)], shown={"a": NOTHING})
    [one] = [found for found in violations(seen) if found.rule == "2 the record"]

    assert [line.split(maxsplit=1)[1] for line in story(one, seen)] == [
        "click P1 → Successfully sent to ALC! (1.00 s)",
        "ALC has lead_1 of P1",
        "PATCH P1 Pending lead_1 None → 200 passes",
    ]
