"""I4 from outside: what each record says, compared with what ALC has. By the CRM's history, and when all is calm.

None of it is computed as the app computes it: a chat under way comes first, then the verdict that ALC came to last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.support.chaos.world import World
from tests.support.fakes.peers_alc import DECIDED, AlcLead
from tests.support.fakes.peers_attio import REQUESTED, STATUS, Change, Person, Values

Shown = tuple[str | None, str | None, str | None]
"""Status, ALC's id of the lead, interest."""
PENDING, FAILED = "Pending", "Failed"
EXPECTED_FOR = 3600.0
"""Seconds for which a user expects that a request is sent after all (C2)."""


class Request(NamedTuple):
    """When somebody has set the status of a record to "Requested"."""

    moment: int
    at: float


class Records:
    """What the machine knows of the records, and what they should say."""

    def __init__(self, world: World) -> None:
        self._world, self._alc, self._attio = world, world.peers.alc, world.peers.attio
        self.requested: dict[str, Request] = {}
        """The last request of each record: it has to show a failure."""
        self.unwatched: set[str] = set()
        """Records that are sent while nobody waits for the answer: these may show a failure."""
        self.not_connected: list[int] = []
        """Moments at which we were not connected, or not for long any more."""
        self.overwritten: set[str] = set()
        """Records whose status a user has changed by hand, which only the doctor notices."""

    def note_request(self, person: Person) -> None:
        """A user sets the status to "Requested"."""
        self.requested[person.id] = Request(self._world.clock.moment(), self._world.clock.now)
        self.overwritten -= self._names(person)

    def wrong_writes(self) -> Iterator[str]:
        """Yield a text for each thing that we have written and that was not so, or not any more."""
        for person in self._attio.people.values():
            ended = self._ended_before(person)
            for change in person.history:
                status, lead_id, _ = _shown(change.values)
                if change.by != "app":
                    continue
                if not self._is_true(person, change.values):
                    yield f"I4: {person.id} was made to say {change.values}."
                if lead_id is None and self._is_given_up_early(person, change):
                    yield f"C2: {person.id} says {FAILED}, although ALC has only asked to wait, or was away."
                if status == PENDING and lead_id in ended:
                    yield f"I4: {person.id} went back from a verdict on {lead_id} to {PENDING}."
                ended |= {lead_id} if status in DECIDED else set()

    def wrong_at_rest(self, *, examined: bool) -> Iterator[str]:
        """Yield a text for each record that does not say what ALC knows; `examined`: after the doctor."""
        for person in self._attio.there():
            if person.values.get(STATUS) == REQUESTED:
                yield f"I4: {person.id} has been requested, and nobody has answered."
            elif self._is_heard_of(person) and (examined or person.id not in self._overwritten()):
                shown, right = _shown(person.values), self._right(person, examined=examined)
                if right and shown not in right:
                    yield f"I4: {person.id} says {shown}, and should say {' or '.join(map(str, right))}."

    def are_answered(self) -> bool:
        """Has every request in the CRM been answered?"""
        return all(person.values.get(STATUS) != REQUESTED for person in self._attio.there())

    def _right(self, person: Person, *, examined: bool) -> list[Shown]:
        """Everything that the record may say; empty if we have no word in it."""
        leads = self._leads(person)
        lost = [lead.id for lead in leads if lead.is_lost]
        under_way: list[Shown] = [(PENDING, lead.id, None) for lead in leads if lead.is_under_way]
        unknown_lost: list[Shown] = [] if examined else [(PENDING, lead_id, None) for lead_id in lost]
        if under_way:
            return [*under_way, *unknown_lost]
        decided = [lead for lead in leads if lead.decided and not lead.is_lost]
        latest = max(decided, key=lambda lead: lead.decided, default=None)
        verdict: list[Shown] = [(latest.status, latest.id, latest.interest)] if latest else []
        if latest and not examined and not any(message.is_taken for message in latest.told):
            verdict = [(status, latest.id, interest) for status, interest in latest.ever_said]
        given_up: list[Shown] = [(FAILED, lead_id, None) for lead_id in lost]
        if leads:
            return [*verdict, *unknown_lost, *given_up]
        was_requested = self._requests(person) and person.id not in self._overwritten()
        return [(FAILED, None, None)] if was_requested else []

    def _is_given_up_early(self, person: Person, change: Change) -> bool:
        """Was a request given up within the hour, although nobody refused it and we were connected all the time?"""
        requests = [request for request in self._requests(person) if request.moment < change.moment]
        if not requests or any(not self._attio.people[record_id].phone_numbers for record_id in self._names(person)):
            return False
        last = max(requests)
        reasons = [*self._world.peers.refusals, *self.not_connected]
        return change.at < last.at + EXPECTED_FOR and not any(
            last.moment < moment < change.moment for moment in reasons
        )

    def _requests(self, person: Person) -> list[Request]:
        return [self.requested[record_id] for record_id in self._names(person) if record_id in self.requested]

    def _is_true(self, person: Person, values: Values) -> bool:
        status, lead_id, _ = _shown(values)
        if lead_id is None:
            return status == FAILED and bool({*self.requested, *self.unwatched} & self._names(person))
        lead = next((lead for lead in self._leads(person) if lead.id == lead_id), None)
        if lead is None:
            return False
        return (
            status == PENDING or status in {said for said, _ in lead.ever_said} or (status == FAILED and lead.is_lost)
        )

    def _leads(self, person: Person) -> list[AlcLead]:
        names = self._names(person)
        return [lead for lead in self._alc.leads.values() if lead.record_id in names]

    def _names(self, person: Person) -> set[str]:
        """The ids that the record has now or had before a merge; and later ones, for a record that is gone."""
        called = self._attio.now_called(person.id)
        return {record_id for record_id in self._attio.people if self._attio.now_called(record_id) == called}

    def _overwritten(self) -> set[str]:
        return {self._attio.now_called(record_id) for record_id in self.overwritten}

    def _ended_before(self, person: Person) -> set[str | None]:
        """The leads with a verdict that was shown on a record from which this one was made."""
        merged = [one for one in self._attio.people.values() if one.merged_into == person.id]
        shown = [_shown(change.values) for one in merged for change in one.history if change.by == "app"]
        ended = {lead_id for status, lead_id, _ in shown if status in DECIDED}
        return ended.union(*(self._ended_before(one) for one in merged))

    def _is_heard_of(self, person: Person) -> bool:
        """Has Attio told us of each merge that made this record? Without a webhook, nobody told us."""
        merges = [self._attio.merges[record_id] for record_id in self._names(person) - {person.id}]
        return all(any(message.is_taken for message in messages) for messages in merges)


def _shown(values: Values) -> Shown:
    return values.get(STATUS), values.get("alc_lead_id"), values.get("alc_interest")
