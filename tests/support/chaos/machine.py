"""Anything may happen, in any order: clicks, lost answers, crashes, expired tokens, removals. I1-I6 of the bar hold.

A state machine of Hypothesis, played in one thread and in virtual time (world.py): a day in a tenth of a second.
"""

from __future__ import annotations

import sys
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.chaos.invariants import FORGOTTEN, NO_TOKEN
from tests.support.chaos.world import World
from tests.support.fakes.peers import ALC, ATTIO
from tests.support.fakes.runtime import answer_lost, garbled, never_answers, passes, says, unreachable

RECORDS = tuple(f"{digit * 8}-1111-4111-8111-111111111111" for digit in "123")
FAULTS = {
    "unreachable": unreachable,
    "never answers": never_answers,
    "answer lost": answer_lost,
    "garbled": garbled,
    "500": says(500),
    "429": says(429, Retry_After="7"),
}
Trouble = tuple[str, int, int]
"""What it is, at which failpoint or call from now on, and at how many. Often it is so far away that nothing happens."""
CRASH = st.tuples(st.just("crash"), st.integers(0, 20), st.just(1))
FAULT = st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(0, 3), st.integers(1, 3))
TROUBLE = CRASH | FAULT | FAULT
SOON = st.sampled_from([1, 6, 31, 61, 241, 1000, 4000])
TERMINAL = ("Complete", "Failed")
DUE = """
    select due_at from lead where due_at is not null
    union all select due_at from connection where due_at is not null
    union all select due_at from delivery where state in ('new', 'queued')
"""


class Machine(RuleBasedStateMachine):
    """What people, services and time may do."""

    def __init__(self, world: World, seen: Counter[str]) -> None:
        super().__init__()
        world.begin()
        self.world, self.peers, self.engine, self.seen = world, world.peers, world.engine, seen
        self.world.connect()
        self.world.click(RECORDS[0])

    @rule(record=st.sampled_from(RECORDS), trouble=TROUBLE)
    def click(self, record: str, trouble: Trouble) -> None:
        """C7: who is told of a success has a lead at ALC."""
        self.make(trouble)
        if "Successfully sent to ALC!" in self.world.click(record):
            assert any(lead["record_id"] == record for lead in self.peers.leads.values()), "A success without a lead."

    @rule()
    def restart(self) -> None:
        """Another worker takes up what was lost."""
        self.engine.restart()

    @rule(seconds=SOON, trouble=TROUBLE)
    def tick(self, seconds: int, trouble: Trouble) -> None:
        """Time passes, and the relay looks."""
        self.make(trouble)
        self.world.clock.now += seconds
        self.world.look()

    @precondition(lambda self: self.processing())
    @rule(data=st.data(), status=st.sampled_from(TERMINAL), at_once=st.booleans())
    def decide(self, data: st.DataObject, status: str, at_once: bool) -> None:
        """ALC's agent comes to a verdict, and perhaps ALC tells of it at once."""
        told = len(self.peers.events)
        self.peers.decide(data.draw(st.sampled_from(self.processing())), status)
        for event in self.peers.events[told:] if at_once else ():
            self.world.deliver(event)

    @precondition(lambda self: self.peers.events)
    @rule(data=st.data(), trouble=TROUBLE)
    def deliver(self, data: st.DataObject, trouble: Trouble) -> None:
        """Any event, in any order, once or again; and perhaps nobody works on it yet."""
        self.make(trouble)
        self.world.deliver(self.peers.events[data.draw(st.integers(0, len(self.peers.events) - 1))])

    @rule(what=st.sampled_from(["expire", "refresh", "revoke"]))
    def lose_tokens(self, what: str) -> None:
        """They end before their time, or somebody else fetches new ones, or the newest consent is taken back at ALC."""
        if what == "refresh":
            self.world.refresh()
        for grant in self.peers.grants[-1:]:
            grant.alive = grant.alive and what != "revoke"
            grant.expires_at = 0 if what == "expire" else grant.expires_at

    @rule(what=st.sampled_from(["connect", "disconnect"]), trouble=TROUBLE)
    def come_or_go(self, what: str, trouble: Trouble) -> None:
        """For the first time, or again; also a second time, and while the last one is still being cleaned up."""
        self.make(trouble)
        if what == "connect":
            self.world.connect()
        else:
            self.world.disconnect()

    @rule(who=st.sampled_from([ALC, ATTIO]), seconds=SOON)
    def go_down(self, who: str, seconds: int) -> None:
        """For a while."""
        self.peers.down_until[who] = self.world.clock.now + seconds

    @precondition(lambda self: self.processing() and not self.peers.gone)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Somebody deletes a person whom ALC chats with."""
        self.peers.gone.add(data.draw(st.sampled_from(self.processing()))["record_id"])

    @invariant()
    def what_always_holds(self) -> None:
        """However much is lost, down or half done."""
        self.one_open_lead_for_each_record()
        self.what_was_answered_is_in_the_inbox()
        self.no_removed_connection_has_a_token()
        self.no_row_waits_for_nobody()
        self.no_record_goes_back()

    def teardown(self) -> None:
        """Everything comes back, and time passes until nothing is due: I1-I6, and again without a connection."""
        if sys.exception():
            return  # a promise is broken already, and that is the one to be told of
        self.calm_down(connected=True)
        self.one_webhook_for_each_handler()
        self.every_record_says_what_is_known()
        self.every_delivery_is_worked_off()

        self.world.disconnect()
        self.calm_down(connected=False)
        self.one_webhook_for_each_handler()
        self.nothing_is_left_of_a_connection()
        self.count()

    def calm_down(self, *, connected: bool) -> None:
        """Everybody is up, and does what is due."""
        self.nothing_goes_wrong()
        self.peers.down_until.clear()
        for _ in range(100):
            self.engine.restart()
            for event in self.peers.events:
                if event.waits:
                    self.world.deliver(event)
            self.world.look()
            if connected and not self.world.is_connected():
                self.world.connect()
            self.what_always_holds()
            if not (due := self.due()):
                return
            self.world.clock.now = max(self.world.clock.now, min(due)) + 1
        raise AssertionError(f"This never ends: {due}, {self.engine.unforeseen}")

    def due(self) -> list[float]:
        """When something is to be done by itself; that ALC is asked about a lead that it is still at is no event."""
        decided = {lead["id"] for lead in self.peers.leads.values() if lead["status"] in TERMINAL}
        asked = self.world.rows("select ask_at, alc_lead_id from lead where status = 'pending'")
        looks = self.world.rows("select due_at, why from record_subscription")
        looks += self.world.rows("select due_at, why from connector_subscription")
        return [
            *(at for (at,) in self.world.rows(DUE)),
            *(at for at, lead_id in asked if lead_id in decided),
            *(at for at, why in looks if why or at <= self.world.clock.now),  # that all is well is looked at for ever
        ]

    def one_open_lead_for_each_record(self) -> None:
        """I1."""
        records = [lead["record_id"] for lead in self.processing()]
        assert len(records) == len(set(records)), records

    def one_webhook_for_each_handler(self) -> None:
        """I2."""
        query = "select signed_by, id from webhook_handler where deleted_at is null"
        at_alc = [("standard_webhooks", webhook["name"]) for webhook in self.peers.webhooks.values()]
        at_attio = [("attio", hook["target_url"].rpartition("/")[2]) for hook in self.peers.subscriptions.values()]
        here = self.world.rows(query)
        assert sorted(at_alc + at_attio) == sorted(here), (at_alc, at_attio, here)

    def what_was_answered_is_in_the_inbox(self) -> None:
        """I3."""
        lost = self.world.acknowledged - set(self.world.rows("select handler_id, webhook_id from delivery"))
        assert not lost, lost

    def every_delivery_is_worked_off(self) -> None:
        """I3, in the end."""
        waiting = self.world.rows("select webhook_id, state, why from delivery where state not in ('done', 'ignored')")
        assert not waiting, waiting
        early = self.world.rows("select * from early_event")
        assert not early, early

    def every_record_says_what_is_known(self) -> None:
        """I4: the newest lead that ALC has, and what became of it; a record that is gone says nothing."""
        for record in set(RECORDS) - self.peers.gone:
            leads = [lead for lead in self.peers.leads.values() if lead["record_id"] == record]
            if leads:
                status = leads[-1]["status"] if leads[-1]["status"] in TERMINAL else "Pending"
                said = self.peers.values(record)
                assert (said.get("alc_lead_id"), said.get("alc_status")) == (leads[-1]["id"], status), said

    def no_record_goes_back(self) -> None:
        """I4, on the way (C4, R16): neither from a verdict to Pending nor from a lead to an earlier one."""
        for record in RECORDS:
            told = [values for to, values in self.peers.written if to == record]
            order = [(_number(values["alc_lead_id"]), values["alc_status"] in TERMINAL) for values in told]
            assert order == sorted(order), told

    def no_removed_connection_has_a_token(self) -> None:
        """I5, here."""
        assert self.world.rows(NO_TOKEN) == [(0,)], "A removed connection has a token."

    def nothing_is_left_of_a_connection(self) -> None:
        """I5, at ALC: no webhook, and no token that a call of ours was ever made with."""
        statuses = self.world.rows("select distinct status from connection")
        assert statuses == [("removed",)], statuses
        assert not self.peers.webhooks, self.peers.webhooks
        used = {headers["Authorization"] for _, _, _, headers in self.peers.calls if "Authorization" in headers}
        alive = [token for token in used if self.peers.takes(token)]
        assert not alive, alive

    def no_row_waits_for_nobody(self) -> None:
        """I6."""
        for query in (query for queries in FORGOTTEN.values() for query in queries):
            assert self.world.rows(query) == [(0,)], query

    def make(self, trouble: Trouble) -> None:
        """A call goes wrong, and perhaps one or two after it; or a process dies. What came to nothing is forgotten."""
        what, after, times = trouble
        self.nothing_goes_wrong()
        if what == "crash":
            self.world.doom.after = after
        else:
            self.peers.fault("", *[passes] * after, *[FAULTS[what]] * times)

    def nothing_goes_wrong(self) -> None:
        """Any more, that is."""
        self.peers.heal()
        self.world.doom.after = None

    def processing(self) -> list[dict[str, str]]:
        """The leads that ALC is at."""
        return [lead for lead in self.peers.leads.values() if lead["status"] == "processing"]

    def count(self) -> None:
        """So that the report can say that there was something to see."""
        self.seen["deaths"] += self.world.doom.deaths
        self.seen["leads"] += len(self.peers.leads)
        self.seen["consents"] += len(self.peers.grants)
        self.seen["deliveries"] += sum(len(event.answers) for event in self.peers.events)
        self.seen["calls"] += len(self.peers.calls)


def _number(alc_lead_id: str) -> int:
    return int(alc_lead_id.removeprefix("lead_"))
