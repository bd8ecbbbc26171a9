"""What must hold whatever happens, judged by what ALC knows and what the CRM shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mock_alc.testing.storm.connection import NEVER
from mock_alc.testing.storm.day import LAST_PERSON, WAITING_PERSON, Seen
from mock_alc.testing.storm.evidence import TOO_MANY, Evidence, is_forged
from mock_alc.testing.storm.integration import Json

ROUNDING = 0.05
NOT_SHORTER = " (without --run, or `kill` and `start`, the storm cannot start it again to shorten the day)"
NOTHING = -1
"""The place of what has not happened."""


@dataclass(frozen=True)
class Promise:
    """One promise: its name, what it says, and what breaks it, in sentences."""

    name: str
    says: str
    broken_by: Callable[[Evidence], Iterator[str]]


def _stays_up(seen: Evidence) -> Iterator[str]:
    if seen.day.silence:
        is_whole = "" if seen.day.integration.can["kill"] else NOT_SHORTER
        yield f"The integration no longer answers{is_whole}: {seen.day.silence}"


def _one_chat(seen: Evidence) -> Iterator[str]:
    for record_id in seen.day.people:
        clicks = {click.number for click in seen.day.clicks if click.record_id == record_id}
        leads = seen.leads_of(record_id)
        again = [number for number in clicks if _is_said_again(seen, record_id, number)]
        may_be = len(clicks) - len(again) + sum(_ended_within(seen, record_id, number) for number in clicks)
        if len(leads) > may_be:
            because = ", again because that was refused while a chat was running" if again else ""
            yield f"{seen.who(record_id)} was sent {_times(len(clicks))}{because}, but ALC has {len(leads)} chats."


def _is_said_again(seen: Evidence, record_id: str, number: int) -> bool:
    """Tell whether a click repeats one that was refused, though it has begun a chat, which goes on."""
    clicks = [click for click in seen.day.clicks if click.record_id == record_id]
    at = min(click.at for click in clicks if click.number == number)
    last = max((click.number for click in clicks if click.number < number), default=NOTHING)
    before = [click for click in clicks if click.number == last]
    return all(click.refused is not None for click in before) and any(
        click.at <= lead["created_at"] <= at <= min(seen.known_over(lead), lead["decided_at"] or NEVER)
        for click in before
        for lead in seen.leads_of(record_id)
    )


def _ended_within(seen: Evidence, record_id: str, number: int) -> bool:
    """Tell whether a chat ended while the person was sent twice at once, so that the second click may begin anew."""
    clicks = [click for click in seen.day.clicks if (click.record_id, click.number) == (record_id, number)]
    until = next((each.until for each in seen.day.seen if each.after > number), NEVER)
    over = [seen.known_over(lead) for lead in seen.leads_of(record_id)]
    return len(clicks) > 1 and any(clicks[0].at <= at <= until for at in over)


def _clicks_arrive(seen: Evidence) -> Iterator[str]:
    for click in seen.day.clicks:
        leads = seen.leads_of(click.record_id)
        if click.refused is None and not any(
            click.at <= lead["created_at"] or click.at <= seen.surely_over(lead) for lead in leads
        ):
            yield f"{seen.who(click.record_id)} was sent and not refused, but ALC has no chat for it."


def _reflected(seen: Evidence) -> Iterator[str]:
    for record_id in seen.day.people:
        verdicts, leads = seen.verdicts_of(record_id), seen.leads_of(record_id)
        known = [verdict for verdict in verdicts if verdict.acknowledged != NEVER]
        shown = _shown_now(seen, record_id)
        if not known or shown is None:
            continue
        later = {verdict.status for verdict in verdicts if verdict.at > known[-1].at}
        may_be_pending = any(seen.known_over(lead) == NEVER for lead in leads)
        if shown.status not in {known[-1].status, *later} and not may_be_pending:
            yield (
                f"The integration acknowledged that {seen.who(record_id)} is {known[-1].status}, "
                f"but the CRM shows {shown.status or 'nothing'}."
            )


def _never_backwards(seen: Evidence) -> Iterator[str]:
    for record_id in seen.day.people:
        before: str | None = None
        place = NOTHING
        for shown in (each for each in seen.day.seen if each.record_id == record_id):
            possible = [each for each in _places(seen, shown) if each >= place]
            if not possible:
                yield f"The CRM showed {before} for {seen.who(record_id)}, and then {shown.status or 'nothing'}."
                break
            before, place = shown.status, possible[0]


def _under_way_shown(seen: Evidence) -> Iterator[str]:
    for record_id, status in seen.day.under_way.items():
        if status != seen.day.integration.pending:
            yield f"The chat with {seen.who(record_id)} is running, but the CRM shows {status or 'nothing'}."


def _only_verdicts(seen: Evidence) -> Iterator[str]:
    for record_id in seen.day.people:
        if not seen.was_sent_once(record_id):
            continue
        may_show = {None, seen.day.integration.pending, *(each.status for each in seen.verdicts_of(record_id))}
        wrong = (each.status for each in seen.day.seen if each.record_id == record_id and each.status not in may_show)
        if status := next(wrong, None):
            yield f"The CRM showed {status} for {seen.who(record_id)}, but ALC never decided that."


def _forgeries_refused(seen: Evidence) -> Iterator[str]:
    for delivery in seen.deliveries:
        for attempt in filter(is_forged, delivery["attempts"]):
            if attempt["status"] is not None and not 400 <= attempt["status"] < 500:
                yield (
                    f"A forged delivery ({attempt['fault']}) about {_about(seen, delivery)} was answered "
                    f"{attempt['status']}. A correct receiver refuses it with 401."
                )


def _right_ones_taken(seen: Evidence) -> Iterator[str]:
    for delivery in seen.deliveries:
        attempts = [each for each in delivery["attempts"] if not is_forged(each)]
        for attempt in attempts:
            if _is_refusal(attempt["status"]) and seen.day.connection.was_up(attempt["at"]):
                yield (
                    f"A correct delivery ({delivery['body']['event']}) about {_about(seen, delivery)} was refused "
                    f"with {attempt['status']}."
                )
        if attempts and delivery["state"] == "failed":
            said = f"answered {attempts[-1]['status']}" if attempts[-1]["status"] else "not answered"
            yield f"A correct delivery about {_about(seen, delivery)} was {said} to the end."


def _is_refusal(status: int | None) -> bool:
    return status is not None and 300 <= status < 500 and status != TOO_MANY


def _caught_up(seen: Evidence) -> Iterator[str]:
    for record_id in seen.day.people:
        verdicts, shown = seen.verdicts_of(record_id), _shown_now(seen, record_id)
        refused = any(click.refused is not None for click in seen.day.clicks if click.record_id == record_id)
        if not verdicts or shown is None or refused:
            continue
        last = verdicts[-1]
        knows = any(each.acknowledged != NEVER for each in verdicts if each.lead_id == last.lead_id)
        if not knows and last.at < seen.day.connection.made_at and shown.status != last.status:
            yield (
                f"ALC could not deliver that {seen.who(record_id)} is {last.status}, and after a new connection the "
                f"CRM still shows {shown.status or 'nothing'}."
            )


def _nothing_left(seen: Evidence) -> Iterator[str]:
    yield from seen.day.connection.wrong


def _listens(seen: Evidence) -> Iterator[str]:
    if seen.day.connection.deaf:
        yield seen.day.connection.deaf


def _stays_connected(seen: Evidence) -> Iterator[str]:
    if seen.day.lost_connection:
        yield (
            "ALC revoked no token, but people were refused until the integration was connected again: "
            f"{seen.day.lost_connection}"
        )


def _recovers(seen: Evidence) -> Iterator[str]:
    at_the_end = {click.record_id: click for click in seen.day.clicks if click.number == len(seen.day.happened)}
    for record_id, click in at_the_end.items():
        who = seen.day.people[record_id]
        if click.refused is not None and who != WAITING_PERSON:
            sent = "a person was sent" if who == LAST_PERSON else f"{seen.who(record_id)} was sent again"
            yield f"When all trouble was over, {sent} and refused: {click.refused}"


def _rates_kept(seen: Evidence) -> Iterator[str]:
    for number, request in enumerate(seen.requests):
        if request["status"] != TOO_MANY:
            continue
        record_id = request["body"]["recordId"]
        next_click = min((click.at for click in seen.day.clicks if click.at > request["at"]), default=NEVER)
        again = [
            each
            for each in seen.requests[number + 1 :]
            if each["body"]["recordId"] == record_id and each["at"] < next_click
        ]
        wait = request["retry_after"]
        if again and not _was_at_once(seen, record_id) and _seconds(request, again[0]) < wait - ROUNDING:
            yield (
                f"ALC asked to wait {wait:.2g} s before {seen.who(record_id)} is sent again, "
                f"and was asked again after {_seconds(request, again[0]):.1f} s."
            )


def _dates_read(seen: Evidence) -> Iterator[str]:
    for click in seen.refused_for_a_date:
        if seen.day.waits_for_seconds:
            yield (
                f"ALC asked to wait until a date, and {seen.who(click.record_id)} was refused. When ALC asks to wait "
                "for seconds, the integration waits."
            )


PROMISES = {
    promise.name: promise
    for promise in (
        Promise("stays_up", "The integration always answers.", _stays_up),
        Promise("one_chat", "One click starts at most one chat.", _one_chat),
        Promise("clicks_arrive", "A person who is sent, and not refused, has a chat.", _clicks_arrive),
        Promise("recovers", "When all trouble is over, people can be sent again.", _recovers),
        Promise("stays_connected", "The integration stays connected while its tokens are valid.", _stays_connected),
        Promise("forgeries_refused", "A forged delivery is refused.", _forgeries_refused),
        Promise("right_ones_taken", "A correct delivery is accepted, whatever it says.", _right_ones_taken),
        Promise("listens", "An integration that a person connects has a webhook at ALC.", _listens),
        Promise("reflected", "Every acknowledged result is shown.", _reflected),
        Promise("caught_up", "Undelivered results are shown after a new connection.", _caught_up),
        Promise("never_backwards", "The status in the CRM never goes backwards.", _never_backwards),
        Promise("under_way_shown", "A running chat is shown.", _under_way_shown),
        Promise("only_verdicts", "Only results from ALC are shown.", _only_verdicts),
        Promise("nothing_left", "No unneeded webhook is left at ALC.", _nothing_left),
        Promise("rates_kept", "When ALC asks to wait, the integration waits.", _rates_kept),
        Promise(
            "dates_read",
            "An integration that waits for the seconds of Retry-After also waits for its date.",
            _dates_read,
        ),
    )
}
"""In the order in which they are told: what causes another to break comes first."""


def _places(seen: Evidence, shown: Seen) -> list[int]:
    """Return where what is shown may be in the order of what has happened; NOTHING if it is nowhere in it.

    Only what was dated when it was read counts. Who asks ALC may know a verdict before its date, so what is not there
    yet has the first place that it will have.
    """
    steps = [
        *((lead["created_at"], seen.day.integration.pending) for lead in seen.leads_of(shown.record_id)),
        *((verdict.at, verdict.status) for verdict in seen.verdicts_of(shown.record_id)),
    ]
    places = [(place, at) for place, (at, status) in enumerate(sorted(steps)) if status == shown.status]
    return [place for place, at in places if at <= shown.until] or [place for place, _ in places[:1]] or [NOTHING]


def _shown_now(seen: Evidence, record_id: str) -> Seen | None:
    return next((each for each in reversed(seen.day.seen) if each.record_id == record_id), None)


def _about(seen: Evidence, delivery: Json) -> str:
    record_id = delivery["body"].get("record_id")
    return seen.who(record_id) if record_id in seen.day.people else "someone who was never sent"


def _was_at_once(seen: Evidence, record_id: str) -> bool:
    numbers = [click.number for click in seen.day.clicks if click.record_id == record_id]
    return len(set(numbers)) < len(numbers)


def _seconds(earlier: Json, later: Json) -> float:
    return (datetime.fromisoformat(later["at"]) - datetime.fromisoformat(earlier["at"])).total_seconds()


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def broken(seen: Evidence, promises: Sequence[Promise]) -> dict[str, list[str]]:
    """Return what breaks each promise that does not hold."""
    found = {promise.name: list(promise.broken_by(seen)) for promise in promises}
    return {name: sentences for name, sentences in found.items() if sentences}
