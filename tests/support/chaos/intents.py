"""I1 from outside: every chat at ALC was wanted by somebody, and nobody has two at a time.

What is judged is what ALC has. Who wanted a chat, and who was merged into whom, is what the machine has done itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from tests.support.chaos import rows
from tests.support.chaos.world import World
from tests.support.fakes.peers_alc import AlcLead

FOREVER = 10**9


@dataclass(frozen=True)
class Intent:
    """Somebody's wish for a chat with a person, and the moments between which the chat may begin."""

    kind: str
    record_id: str
    since: int
    until: int = FOREVER


class Intents:
    """The clicks, the requests in the CRM, and the runs of workflows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clicks_and_requests: list[Intent] = []
        self._runs: dict[str, int] = {}
        """When each run of a workflow was asked for."""
        self._copies: list[tuple[str, int, tuple[str, ...]]] = []
        """Requests that a merge has copied: the new record, when, and the merged ones."""
        self._heard: dict[str, int] = {}
        """By the id of a merged record: when we had worked off what Attio told us of the merge."""

    def note(self, kind: str, record_id: str, since: int, until: int = FOREVER) -> None:
        """Note a click, or a request; `until` when it was answered with a success."""
        self._clicks_and_requests.append(Intent(kind, record_id, since, until))

    def note_copy(self, record_id: str, *merged: str) -> None:
        """Note that a new record says "Requested", since these were merged: until we know that, it is a request."""
        self._copies.append((record_id, self._world.clock.moment(), merged))

    def note_run(self, run_id: str) -> None:
        """Note that a person has started a workflow."""
        self._runs.setdefault(run_id, self._world.clock.moment())

    def violations(self) -> Iterator[str]:
        """Yield a text for each chat that nobody wanted, and for each pair of chats with one person."""
        for lead in self._unwanted():
            yield f"I1: nobody wanted the chat {lead.id}."
        self._note_merges()
        under_way = [lead for lead in self._world.peers.alc.leads.values() if lead.is_under_way]
        for first, second in combinations(under_way, 2):
            if self._was_one_person(first, second):
                yield f"I1: ALC chats with one person as {first.id} and {second.id}."

    def _unwanted(self) -> Iterable[AlcLead]:
        """Give each chat one of the open intents for its person, the one that ends first; return those that get none.

        If there is a way to give each its own, this finds one.
        """
        now_called = self._world.peers.attio.now_called
        leads = list(self._world.peers.alc.leads.values())
        left = sorted(self._intents(leads), key=lambda intent: intent.until)
        for lead in leads:
            person = now_called(lead.record_id)
            fits = (
                intent
                for intent in left
                if intent.since < lead.started <= intent.until and now_called(intent.record_id) == person
            )
            if intent := next(fits, None):
                left.remove(intent)
            else:
                yield lead

    def _intents(self, leads: Sequence[AlcLead]) -> Iterator[Intent]:
        for record_id, since, merged in self._copies:
            yield Intent("copy", record_id, since, max(self._heard.get(one, FOREVER) for one in merged))
        for step in rows.send_steps(self._world):
            yield Intent("step", step.record_id, self._runs.get(step.run_id, 0))
        for intent in self._clicks_and_requests:
            if intent.kind == "click":  # it is one with the next chat of its record, whoever began that
                joined = [lead.started for lead in leads if lead.record_id == intent.record_id]
                joined = [started for started in joined if started > intent.since]
                yield replace(intent, until=min([intent.until, *joined]))
            else:
                yield intent

    def _note_merges(self) -> None:
        done = rows.handled_messages(self._world)
        for record_id, messages in self._world.peers.attio.merges.items():
            if record_id not in self._heard and any(message.id in done for message in messages):
                self._heard[record_id] = self._world.clock.moment()

    def _was_one_person(self, first: AlcLead, second: AlcLead) -> bool:
        """Could we know that, before we asked ALC for both chats for the first time?"""
        asked = max(first.first_try, second.first_try)
        return self._known_as(first.record_id, asked) == self._known_as(second.record_id, asked)

    def _known_as(self, record_id: str, moment: int) -> str:
        while self._heard.get(record_id, FOREVER) < moment:
            record_id = self._world.peers.attio.people[record_id].merged_into or record_id
        return record_id
