"""What is known of a day from outside: from ALC's side of the wire, and from what the CRM shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from mock_alc.base.clock import iso
from mock_alc.testing.storm.day import LAST_PERSON, Day
from mock_alc.testing.storm.integration import Json

FORGERIES = ("bad_signature", "wrong_secret", "tampered_body", "stale", "future", "missing_header")
ROUNDING = 2
"""Milliseconds by which the times of the mock may be off."""
SENT_WITHIN = timedelta(seconds=1)
"""How much later than its date a delivery may be sent on a busy machine."""
NEVER = "9999"
"""Later than every time of the clock. Times are texts in ISO 8601, which sort as they are."""


@dataclass(frozen=True)
class Verdict:
    """A verdict that ALC has told the integration, or tried to."""

    record_id: str
    lead_id: str
    at: str
    status: str
    acknowledged: str
    """When the integration first answered a right delivery of it with 2xx; NEVER if it has not."""


class Evidence:
    """What is known of a day now. Make a new one to look again."""

    def __init__(self, day: Day) -> None:
        """Look at this day."""
        self.day = day

    @cached_property
    def leads(self) -> Sequence[Json]:
        """ALC's leads of the day, oldest first."""
        return self.day.leads()

    @cached_property
    def deliveries(self) -> Sequence[Json]:
        """The deliveries about them, oldest first."""
        return self.day.deliveries()

    @cached_property
    def requests(self) -> Sequence[Json]:
        """The requests with which the integration has sent people of the day, oldest first."""
        found = [each for each in self.day.requests() if isinstance(each["body"], dict)]
        return [each for each in found if each["body"].get("recordId") in self.day.people]

    @cached_property
    def verdicts(self) -> Sequence[Verdict]:
        """The verdicts on the leads of the day, in the order in which ALC came to them."""
        people = {lead["id"]: lead["record_id"] for lead in self.leads}
        bodies = [(delivery, delivery["body"]) for delivery in self.deliveries]
        found = [
            Verdict(body["record_id"], body["lead_id"], body["occurred_at"], body["status"], _acknowledged(delivery))
            for delivery, body in bodies
            if body["event"] == "lead.processed" and people.get(body["lead_id"]) == body["record_id"]
        ]
        return sorted(found, key=lambda verdict: verdict.at)

    def leads_of(self, record_id: str) -> list[Json]:
        """Return the leads of one person, oldest first."""
        return [lead for lead in self.leads if lead["record_id"] == record_id]

    def verdicts_of(self, record_id: str) -> list[Verdict]:
        """Return the verdicts on one person, oldest first."""
        return [verdict for verdict in self.verdicts if verdict.record_id == record_id]

    def was_sent_once(self, record_id: str) -> bool:
        """Tell whether a person was sent once, was not refused, and has one chat."""
        clicks = [click for click in self.day.clicks if click.record_id == record_id]
        return len(clicks) == 1 and clicks[0].refused is None and len(self.leads_of(record_id)) == 1

    def known_over(self, lead: Json) -> str:
        """Return when the integration knew that a chat was over; NEVER if it could not."""
        return min((each.acknowledged for each in self.verdicts if each.lead_id == lead["id"]), default=NEVER)

    def surely_over(self, lead: Json) -> str:
        """Return when the integration surely knew that. A delivery is dated a little before it is sent."""
        over = self.known_over(lead)
        return over if over == NEVER else str(iso(datetime.fromisoformat(over) + SENT_WITHIN))

    def who(self, record_id: str) -> str:
        """Return how a story calls a person."""
        who = self.day.people[record_id]
        return f"Person {who}" if who != LAST_PERSON else "the person who was sent last"


def is_forged(attempt: Json) -> bool:
    """Tell whether the mock spoiled the signature of this attempt."""
    return attempt["fault"] in FORGERIES


def _acknowledged(delivery: Json) -> str:
    taken = [each for each in delivery["attempts"] if 200 <= (each["status"] or 0) < 300 and not is_forged(each)]
    return min((_answered_at(each) for each in taken), default=NEVER)


def _answered_at(attempt: Json) -> str:
    took = timedelta(milliseconds=attempt["milliseconds"] + ROUNDING)
    return str(iso(datetime.fromisoformat(attempt["at"]) + took))
