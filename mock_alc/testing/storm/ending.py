"""The end of a day, when all trouble is over: connect, send people, and let everything come to its end."""

from __future__ import annotations

import time

from mock_alc.scenarios.operations import ANSWERS
from mock_alc.testing.storm.day import LAST_PERSON, WAITING_PERSON, Day
from mock_alc.testing.storm.evidence import Evidence

RECOVERY = 3.0
"""Seconds in which the integration may still refuse, because it waits as ALC has asked it to."""


def end(day: Day) -> None:
    """Connect again, send people, decide the chats that are under way, and deliver what waits."""
    day.connection.restore()
    day.let_idle()
    _send_a_last_person(day)
    if day.clicks[-1].refused is None:
        _send_who_has_no_chat(day)
    if Evidence(day).refused_for_a_date:
        _send_somebody_who_waits_for_seconds(day)
    day.look()
    for lead in day.leads():
        if lead["status"] == "processing":
            day.decide_lead(lead["id"], "interested")
    day.let_idle()


def _send_a_last_person(day: Day) -> None:
    """Send somebody new. If that is refused, do what a person does: connect the integration again, and send."""
    refusal = _try_for_a_while(day, LAST_PERSON)
    if refusal and day.integration.connect:
        had_tokens = not day.connection.may_lack_tokens
        day.connection.make()
        if not _try_for_a_while(day, LAST_PERSON) and had_tokens:
            day.lost_connection = refusal


def _send_who_has_no_chat(day: Day) -> None:
    """Send everyone again who was always refused, unless a chat has begun all the same."""
    for record_id in Evidence(day).always_refused:
        _try_for_a_while(day, day.people[record_id])


def _try_for_a_while(day: Day, who: int) -> str | None:
    """Send somebody until that is not refused. Return what the last refusal says."""
    until = time.monotonic() + max(day.patience, RECOVERY)
    while (refusal := day.click(who)) and time.monotonic() < until and not day.connection.may_lack_tokens:
        day.settle()
    return refusal


def _send_somebody_who_waits_for_seconds(day: Day) -> None:
    """Find out whether an integration that has refused to wait until a date waits for as many seconds."""
    as_long = {"seconds": ANSWERS["429_date"].values["seconds"]}
    day.control("POST", "faults", {**ANSWERS["429_seconds"].values, **as_long})
    day.waits_for_seconds = day.click(WAITING_PERSON) is None
