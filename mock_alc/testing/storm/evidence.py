"""What is known of a day from outside: from ALC's side of the wire, and from what the CRM shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from mock_alc.base.clock import iso
from mock_alc.testing.storm.connection import NEVER
from mock_alc.testing.storm.day import LAST_PERSON, WAITING_PERSON, Click, Day
from mock_alc.testing.storm.integration import Json

FORGERIES = ("bad_signature", "wrong_secret", "tampered_body", "stale", "future", "missing_header")
TOO_MANY = 429
ROUNDING = 2
"""Milliseconds by which the times of the mock may be off."""
SENT_WITHIN = timedelta(seconds=1)
"""How much later than its date a delivery may be sent on a busy machine."""


@dataclass(frozen=True)
class Verdict:
    """A verdict of ALC's."""

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
        return self.day.deliveries(self.leads)

    @cached_property
    def requests(self) -> Sequence[Json]:
        """The requests with which the integration has sent people of the day, oldest first."""
        found = [each for each in self.day.requests() if isinstance(each["body"], dict)]
        return [each for each in found if each["body"].get("recordId") in self.day.people]

    @cached_property
    def verdicts(self) -> Sequence[Verdict]:
        """The verdicts on the leads of the day, in the order in which ALC came to them."""
        return sorted([*self._told(), *self._untold()], key=lambda verdict: verdict.at)

    def _told(self) -> Iterator[Verdict]:
        """Yield the verdicts that ALC has told the integration, or tried to."""
        people = {lead["id"]: lead["record_id"] for lead in self.leads}
        for delivery in self.deliveries:
            body = delivery["body"]
            if body["event"] == "lead.processed" and people.get(body["lead_id"]) == body["record_id"]:
                yield Verdict(
                    body["record_id"], body["lead_id"], body["occurred_at"], body["status"], _acknowledged(delivery)
                )

    def _untold(self) -> Iterator[Verdict]:
        """Yield the verdicts that ALC had nobody to tell of: no webhook listened."""
        told = {(verdict.lead_id, verdict.at) for verdict in self._told()}
        for lead in self.leads:
            if lead["decided_at"] and (lead["id"], lead["decided_at"]) not in told:
                yield Verdict(lead["record_id"], lead["id"], lead["decided_at"], lead["status"], NEVER)

    @property
    def always_refused(self) -> Sequence[str]:
        """The people who were sent and always refused, and of whom ALC has no lead."""
        sent = {click.record_id for click in self.day.clicks if click.refused is None}
        return [who for who in self.day.clicked if who not in sent and not self.leads_of(who)]

    @property
    def refused_for_a_date(self) -> Sequence[Click]:
        """The clicks that were refused after ALC had asked to wait until a date, and was not asked again."""
        refused = [click for click in self.day.clicks if click.refused is not None]
        return [click for click in refused if _asks_for_a_date(self._last_request(click))]

    def _last_request(self, click: Click) -> Json:
        """Return the last request that a click has made; {} if it has made none."""
        of_person = [each for each in self.requests if each["body"]["recordId"] == click.record_id]
        later = [each.at for each in self.day.clicks if each.record_id == click.record_id and each.at > click.at]
        made = [each for each in of_person if click.at <= each["at"] < min(later, default=NEVER)]
        return made[-1] if made else {}

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
        return f"Person {who}" if who not in (LAST_PERSON, WAITING_PERSON) else "the person who was sent last"


def is_forged(attempt: Json) -> bool:
    """Tell whether the mock spoiled the signature of this attempt."""
    return attempt["fault"] in FORGERIES


def _asks_for_a_date(request: Json) -> bool:
    asked = request.get("answer_headers", {}).get("Retry-After", "")
    return request.get("status") == TOO_MANY and not asked.isdecimal()


def _acknowledged(delivery: Json) -> str:
    taken = [each for each in delivery["attempts"] if 200 <= (each["status"] or 0) < 300 and not is_forged(each)]
    return min((_answered_at(each) for each in taken), default=NEVER)


def _answered_at(attempt: Json) -> str:
    took = timedelta(milliseconds=attempt["milliseconds"] + ROUNDING)
    return str(iso(datetime.fromisoformat(attempt["at"]) + took))
