"""A Hypothesis state machine: clicks, lost answers, crashes, expired tokens and removals in any order; I1-I6 hold.

It runs in one thread and in virtual time (world.py): a day takes a tenth of a second.
"""

from __future__ import annotations

import sys
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.chaos.invariants import STUCK_ROWS, TOKENS_OF_REMOVED
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
"""The kind of trouble, how many failpoints or calls to pass before it, and how often. Often it is never reached."""
CRASH = st.tuples(st.just("crash"), st.integers(0, 20), st.just(1))
FAULT = st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(0, 3), st.integers(1, 3))
TROUBLE = CRASH | FAULT | FAULT
SOON = st.sampled_from([1, 6, 31, 61, 241, 1000, 4000])
TERMINAL = ("Complete", "Failed")
DUE = """
    select due_at from lead where status = 'sending'
    union all select due_at from record_sync where due_at is not null
    union all select due_at from connection where due_at is not null
    union all select due_at from delivery where state in ('new', 'queued')
"""


class Machine(RuleBasedStateMachine):
    """What people, services and time may do."""

    def __init__(self, world: World, seen: Counter[str]) -> None:
        """Reset the world, connect and send one person; `seen` counts what happened."""
        super().__init__()
        world.reset()
        self.world, self.peers, self.engine, self.seen = world, world.peers, world.engine, seen
        self.world.connect()
        self.world.click(RECORDS[0])

    @rule(record=st.sampled_from(RECORDS), trouble=TROUBLE)
    def click(self, record: str, trouble: Trouble) -> None:
        """Click Send. C7: after a success there is a lead at ALC."""
        self.make(trouble)
        if "Successfully sent to ALC!" in self.world.click(record):
            assert any(lead["record_id"] == record for lead in self.peers.leads.values()), "A success without a lead."

    @rule()
    def restart(self) -> None:
        """Start another worker, which takes over lost runs."""
        self.engine.restart()

    @rule(seconds=SOON, trouble=TROUBLE)
    def tick(self, seconds: int, trouble: Trouble) -> None:
        """Let time pass, and run the relay and the worker once."""
        self.make(trouble)
        self.world.clock.now += seconds
        self.world.run_due_work()

    @precondition(lambda self: self.processing())
    @rule(data=st.data(), status=st.sampled_from(TERMINAL), at_once=st.booleans())
    def decide(self, data: st.DataObject, status: str, at_once: bool) -> None:
        """Have ALC's agent decide, and perhaps deliver the webhook at once."""
        before = len(self.peers.events)
        self.peers.decide(data.draw(st.sampled_from(self.processing())), status)
        for event in self.peers.events[before:] if at_once else ():
            self.world.deliver(event)

    @precondition(lambda self: self.peers.events)
    @rule(data=st.data(), trouble=TROUBLE)
    def deliver(self, data: st.DataObject, trouble: Trouble) -> None:
        """Deliver any event, in any order, once or again. It may be handled later."""
        self.make(trouble)
        self.world.deliver(self.peers.events[data.draw(st.integers(0, len(self.peers.events) - 1))])

    @rule(what=st.sampled_from(["expire", "refresh", "revoke"]))
    def lose_tokens(self, what: str) -> None:
        """Expire the tokens early, refresh them in another process, or revoke the newest consent at ALC."""
        if what == "refresh":
            self.world.refresh()
        for grant in self.peers.grants[-1:]:
            grant.alive = grant.alive and what != "revoke"
            grant.expires_at = 0 if what == "expire" else grant.expires_at

    @rule(what=st.sampled_from(["connect", "disconnect"]), trouble=TROUBLE)
    def connect_or_disconnect(self, what: str, trouble: Trouble) -> None:
        """Connect or disconnect: for the first time, again, twice, or while the last removal is being cleaned up."""
        self.make(trouble)
        if what == "connect":
            self.world.connect()
        else:
            self.world.disconnect()

    @rule(who=st.sampled_from([ALC, ATTIO]), seconds=SOON)
    def go_down(self, who: str, seconds: int) -> None:
        """Take a service down for a while."""
        self.peers.down_until[who] = self.world.clock.now + seconds

    @precondition(lambda self: self.processing() and not self.peers.gone)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete the record of a person whom ALC chats with."""
        self.peers.gone.add(data.draw(st.sampled_from(self.processing()))["record_id"])

    @invariant()
    def what_always_holds(self) -> None:
        """Check what must hold at any moment."""
        self.one_open_lead_for_each_record()
        self.what_was_answered_is_in_the_inbox()
        self.no_removed_connection_has_a_token()
        self.no_row_is_stuck()
        self.no_record_goes_back()

    def teardown(self) -> None:
        """Bring everything back and let time pass until nothing is due. Check I1-I6, disconnect, and check again."""
        if sys.exception():
            return  # an invariant is violated already; report that one
        self.recover(connected=True)
        self.one_webhook_for_each_handler()
        self.every_record_says_what_is_known()
        self.every_delivery_is_worked_off()

        self.world.disconnect()
        self.recover(connected=False)
        self.one_webhook_for_each_handler()
        self.nothing_is_left_of_a_connection()
        self.count()

    def recover(self, *, connected: bool) -> None:
        """Bring everything up, and do what is due until nothing is."""
        self.clear_trouble()
        self.peers.down_until.clear()
        for _ in range(100):
            self.engine.restart()
            for event in self.peers.events:
                if event.waits:
                    self.world.deliver(event)
            self.world.run_due_work()
            if connected and not self.world.is_connected():
                self.world.connect()
            self.what_always_holds()
            if not (due := self.due()):
                return
            self.world.clock.now = max(self.world.clock.now, min(due)) + 1
        raise AssertionError(f"There is always something due: {due}, {self.engine.unforeseen}")

    def due(self) -> list[float]:
        """Return the times at which something is due. Polling ALC for a lead that it still works on does not count."""
        decided = {lead["id"] for lead in self.peers.leads.values() if lead["status"] in TERMINAL}
        polled = self.world.rows("select due_at, alc_lead_id from lead where status = 'pending'")
        checks = self.world.rows("select due_at, why from record_subscription")
        checks += self.world.rows("select due_at, why from connector_subscription")
        return [
            *(at for (at,) in self.world.rows(DUE)),
            *(at for at, lead_id in polled if lead_id in decided),
            *(
                at for at, why in checks if why or at <= self.world.clock.now
            ),  # a healthy subscription is checked for ever
        ]

    def one_open_lead_for_each_record(self) -> None:
        """Check I1."""
        records = [lead["record_id"] for lead in self.processing()]
        assert len(records) == len(set(records)), records

    def one_webhook_for_each_handler(self) -> None:
        """Check I2."""
        query = "select signed_by, id from webhook_handler where deleted_at is null"
        at_alc = [("standard_webhooks", webhook["name"]) for webhook in self.peers.webhooks.values()]
        at_attio = [("attio", hook["target_url"].rpartition("/")[2]) for hook in self.peers.subscriptions.values()]
        here = self.world.rows(query)
        assert sorted(at_alc + at_attio) == sorted(here), (at_alc, at_attio, here)

    def what_was_answered_is_in_the_inbox(self) -> None:
        """Check I3."""
        lost = self.world.acknowledged - set(self.world.rows("select handler_id, webhook_id from delivery"))
        assert not lost, lost

    def every_delivery_is_worked_off(self) -> None:
        """Check I3 at the end."""
        waiting = self.world.rows("select webhook_id, state, why from delivery where state not in ('done', 'ignored')")
        assert not waiting, waiting
        early = self.world.rows("select * from early_event")
        assert not early, early

    def every_record_says_what_is_known(self) -> None:
        """Check I4: a record shows its newest lead at ALC and that lead's status. Deleted records show nothing."""
        for record in set(RECORDS) - self.peers.gone:
            leads = [lead for lead in self.peers.leads.values() if lead["record_id"] == record]
            if leads:
                status = leads[-1]["status"] if leads[-1]["status"] in TERMINAL else "Pending"
                shown = self.peers.values(record)
                assert (shown.get("alc_lead_id"), shown.get("alc_status")) == (leads[-1]["id"], status), shown

    def no_record_goes_back(self) -> None:
        """Check I4 in between (C4, R16): no write from a verdict to Pending, and none to an earlier lead."""
        for record in RECORDS:
            writes = [values for to, values in self.peers.written if to == record]
            order = [(_number(values["alc_lead_id"]), values["alc_status"] in TERMINAL) for values in writes]
            assert order == sorted(order), writes

    def no_removed_connection_has_a_token(self) -> None:
        """Check I5 on our side."""
        assert self.world.rows(TOKENS_OF_REMOVED) == [(0,)], "A removed connection has a token."

    def nothing_is_left_of_a_connection(self) -> None:
        """Check I5 at ALC: no webhook, and no live token among those that we have called with."""
        statuses = self.world.rows("select distinct status from connection")
        assert statuses == [("removed",)], statuses
        assert not self.peers.webhooks, self.peers.webhooks
        used = {headers["Authorization"] for _, _, _, headers in self.peers.calls if "Authorization" in headers}
        alive = [token for token in used if self.peers.takes(token)]
        assert not alive, alive

    def no_row_is_stuck(self) -> None:
        """Check I6."""
        for query in (query for queries in STUCK_ROWS.values() for query in queries):
            assert self.world.rows(query) == [(0,)], query

    def make(self, trouble: Trouble) -> None:
        """Let some of the next calls fail, or the process crash. Trouble that did not happen yet is cleared."""
        what, after, times = trouble
        self.clear_trouble()
        if what == "crash":
            self.world.crash_plan.after = after
        else:
            self.peers.fault("", *[passes] * after, *[FAULTS[what]] * times)

    def clear_trouble(self) -> None:
        """Clear all trouble that did not happen yet."""
        self.peers.heal()
        self.world.crash_plan.after = None

    def processing(self) -> list[dict[str, str]]:
        """Return the leads that ALC works on."""
        return [lead for lead in self.peers.leads.values() if lead["status"] == "processing"]

    def count(self) -> None:
        """Count what happened, for the report."""
        self.seen["crashes"] += self.world.crash_plan.crashes
        self.seen["leads"] += len(self.peers.leads)
        self.seen["consents"] += len(self.peers.grants)
        self.seen["deliveries"] += sum(len(event.answers) for event in self.peers.events)
        self.seen["calls"] += len(self.peers.calls)


def _number(alc_lead_id: str) -> int:
    return int(alc_lead_id.removeprefix("lead_"))
