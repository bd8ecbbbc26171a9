"""The invariants I1 to I6, stated from outside: what ALC and Attio have, and what the machine has done itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.support.chaos import rows
from tests.support.chaos.intents import Intents
from tests.support.chaos.records import Records
from tests.support.chaos.world import World
from tests.support.fakes.peers_alc import DECIDED

CALLED_BY_ALC = ["lead.processed", "prospect.updated"]
"""What ALC tells a connected app."""


class Promises:
    """What must hold at any moment, and what must hold when all is calm."""

    def __init__(self, world: World) -> None:
        self._world, self._alc, self._attio = world, world.peers.alc, world.peers.attio
        self.intents, self.records = Intents(world), Records(world)

    def is_connected(self) -> bool:
        """Is there a connection that works, as far as we know?"""
        return "active" in rows.connection_statuses(self._world)

    def note_connection(self) -> None:
        """Note if there is no connection now."""
        if not self.is_connected():
            self.records.not_connected.append(self._world.clock.moment())

    def hold(self) -> None:
        """Check what must hold at any moment."""
        self.note_connection()
        self.expect([*self.intents.violations(), *self.records.wrong_writes(), *self._always()])

    def hold_when_connected(self, *, examined: bool) -> None:
        """Check what must hold when nothing is due any more; `examined`: after the doctor has mended what he found."""
        self.expect([*self.records.wrong_at_rest(examined=examined), *self._worked_off(examined=examined)])
        if examined:
            self.expect([*self._webhooks(CALLED_BY_ALC, at_attio=1)])

    def hold_when_removed(self) -> None:
        """Check what must hold after a disconnect, when nothing is due any more."""
        self.expect([*self._webhooks([], at_attio=0), *self._nothing_is_left()])

    @staticmethod
    def expect(broken: Sequence[str]) -> None:
        """Fail if something is wrong; the texts say what."""
        assert not broken, "\n".join(broken)

    def _always(self) -> Iterator[str]:
        if lost := self._world.acknowledged - rows.stored_deliveries(self._world):
            yield f"I3: answered with 2xx and not stored: {lost}."
        if rows.tokens_of_removed_connections(self._world):
            yield "I5: a removed connection has a token."
        yield from (f"I6: {query}" for query in rows.stuck(self._world))
        if refused := [message.id for message in self._alc.messages if 401 in message.answers]:
            yield f"R5: ALC has signed {refused}, and we have refused it."
        if self._attio.made_by_app:
            yield f"Nobody asked for a new person: {self._attio.made_by_app}."
        yield from self._world.engine.unforeseen

    def _webhooks(self, by_alc: list[str], *, at_attio: int) -> Iterator[str]:
        """I2: each event has one webhook at the address of a handler that answers, and there is no other."""
        at_alc = sorted(webhook["event"] for webhook in self._alc.webhooks.values())
        if at_alc != by_alc:
            yield f"I2: ALC tells us of {at_alc}, and not of {by_alc}."
        if len(self._attio.webhooks) != at_attio:
            yield f"I2: Attio has {len(self._attio.webhooks)} webhooks, and not {at_attio}."
        urls = [webhook["url"] for webhook in self._alc.webhooks.values()]
        urls += [webhook["target_url"] for webhook in self._attio.webhooks.values()]
        called, ours = {url.rpartition("/")[2] for url in urls}, rows.handlers(self._world)
        if called != ours:
            yield f"I2: {called} are called, and {ours} answer."

    def _worked_off(self, *, examined: bool) -> Iterator[str]:
        """I3: what was answered with 2xx is worked off; and no workflow waits for a chat that is over."""
        for message_id, state, why in rows.unfinished_deliveries(self._world):
            if examined or state != "failed":  # a dead letter, which the doctor replays
                yield f"I3: {message_id} is {state}: {why}."
        open_chats = [lead for lead in self._alc.leads.values() if lead.is_lost or lead.status not in DECIDED]
        people = {self._attio.now_called(lead.record_id) for lead in open_chats}
        for step in rows.send_steps(self._world):
            if step.waits and self._attio.now_called(step.record_id) not in people:
                yield f"I3: the workflow run {step.run_id} waits for a chat that is over."

    def _nothing_is_left(self) -> Iterator[str]:
        """I5: no live token among those that we have called with, and every connection is removed."""
        if (statuses := rows.connection_statuses(self._world)) != {"removed"}:
            yield f"I5: connections are {statuses}."
        used = {headers["Authorization"] for _, _, _, headers in self._world.peers.calls if "Authorization" in headers}
        alive = [token for token in used if self._alc.authorization.takes(token)]
        if alive:
            yield f"I5: ALC still takes {alive}."
