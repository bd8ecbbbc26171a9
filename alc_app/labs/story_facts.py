"""What is looked up after a story at ALC and in the CRM, and which of it is about the story's promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from alc_app.labs.clients import Json
from alc_app.labs.driver import Driver

FORGERIES = ("bad_signature", "wrong_secret", "tampered_body", "stale", "future", "missing_header")
"""Faults of the mock that spoil a signature."""
PENDING = "Pending"
REFUSAL = "Please try again"


@dataclass(frozen=True)
class Played:
    """A story that was played on one side."""

    driver: Driver
    clicks: Mapping[str, int]
    """By record id."""
    under_way: Mapping[str, str]
    """What the CRM showed while a chat was under way."""
    screens: Mapping[str, str]
    """The last message of each person's click."""
    webhooks_left: int | None
    """At ALC after the disconnect, if there was one."""

    @cached_property
    def attempts(self) -> list[tuple[Json, Json]]:
        """Every delivery about a person of the story, with each answered attempt."""
        leads = [lead for record_id in self.clicks for lead in self.driver.list_leads(record_id)]
        deliveries = [each for lead in leads for each in self.driver.alc.list_deliveries(lead["id"])]
        return [(each, attempt) for each in deliveries for attempt in each["attempts"] if attempt["status"]]

    def is_refused(self, record_id: str) -> bool:
        """Return whether the screen has told the person that nothing was sent."""
        return REFUSAL in self.screens.get(record_id, "")

    def verdicts(self, record_id: str) -> list[str]:
        """Return the statuses that ALC has told of a person, and that were acknowledged, by their times."""
        taken = [
            delivery["body"]
            for delivery, attempt in self.attempts
            if attempt["fault"] not in FORGERIES and 200 <= attempt["status"] < 300
        ]
        mine = [body for body in taken if body["event"] == "lead.processed" and body["record_id"] == record_id]
        return [str(body["status"]) for body in sorted(mine, key=lambda body: str(body["occurred_at"]))]


Fact = tuple[str, object, bool]
"""What was looked up, its value, and whether it is as it should be."""


def _chats(played: Played) -> Iterator[Fact]:
    for record_id, clicks in played.clicks.items():
        chats = len(played.driver.list_leads(record_id))
        yield "SMS chats at ALC", chats, chats == clicks or (chats < clicks and played.is_refused(record_id))


def _decided(played: Played) -> Iterator[Fact]:
    for record_id in played.clicks:
        decided = [str(lead["status"]) for lead in played.driver.list_leads(record_id)]
        yield "ALC has decided", ", ".join(decided) or "nothing", True


def _screen(played: Played) -> Iterator[Fact]:
    for record_id, message in played.screens.items():
        has_chat = bool(played.driver.list_leads(record_id))
        yield "The screen showed", message or "nothing", not (has_chat and played.is_refused(record_id))


def _under_way(played: Played) -> Iterator[Fact]:
    for status in played.under_way.values():
        yield "While ALC chats, the record says", status or "nothing", status == PENDING


def _forged(played: Played) -> Iterator[Fact]:
    for _, attempt in played.attempts:
        if attempt["fault"] in FORGERIES:
            yield "The forged delivery is answered", attempt["status"], 400 <= attempt["status"] < 500


def _right(played: Played) -> Iterator[Fact]:
    right = [attempt["status"] for _, attempt in played.attempts if attempt["fault"] not in FORGERIES]
    if right:
        yield "ALC’s deliveries are answered", ", ".join(map(str, right)), all(200 <= each < 300 for each in right)


def _history(played: Played) -> Iterator[Fact]:
    for record_id in played.clicks:
        said = played.driver.attio.get_status_history(record_id)
        known = {PENDING, *played.verdicts(record_id)}
        yield "The record has shown", " → ".join(said) or "nothing", set(said) <= known


def _now(played: Played) -> Iterator[Fact]:
    for record_id in played.clicks:
        status, verdicts = played.driver.attio.get_status(record_id), played.verdicts(record_id)
        yield "ALC’s latest result", verdicts[-1] if verdicts else "none accepted", True
        yield "The record says now", status or "nothing", not verdicts or status == verdicts[-1]


def _left(played: Played) -> Iterator[Fact]:
    if played.webhooks_left is not None:
        yield "Webhooks left at ALC", played.webhooks_left, not played.webhooks_left


FACTS: Mapping[Callable[[Played], Iterator[Fact]], tuple[str, ...]] = {
    _chats: ("one_chat", "clicks_arrive"),
    _decided: (),
    _screen: (),
    _under_way: ("under_way_shown",),
    _forged: ("forgeries_refused",),
    _right: ("right_ones_taken",),
    _history: ("only_verdicts",),
    _now: ("reflected", "never_backwards"),
    _left: ("nothing_left",),
}
"""What is looked up after each story, and the promises that it is about."""


Broken = list[str]
"""The facts that are not as they should be, such as "SMS chats at ALC: 2"; empty if the promise was kept."""


def observe(played: Played, promise: str) -> Broken | None:
    """Report every fact, and return those that break the promise, or any if none is named; None if none is about it."""
    about: list[tuple[str, bool]] = []
    for look_up, promises in FACTS.items():
        for what, value, good in look_up(played):
            played.driver.observe(what, value, good=good)
            about += [(f"{what}: {value}", good)] if promise in promises or not promise else []
    return [fact for fact, good in about if not good] if about else None
