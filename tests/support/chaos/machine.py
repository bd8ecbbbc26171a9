"""A Hypothesis state machine: what people, services and time may do, in any order. I1 to I6 hold (promises.py).

It runs in one thread and in virtual time (world.py): a day takes a tenth of a second.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.chaos import rows
from tests.support.chaos.actions import Actions
from tests.support.chaos.promises import Promises
from tests.support.chaos.troubles import TROUBLE, Trouble
from tests.support.chaos.world import World
from tests.support.fakes.authorization import ALC
from tests.support.fakes.peers import ATTIO
from tests.support.fakes.peers_alc import DECIDED
from tests.support.fakes.peers_attio import Refusal

T = TypeVar("T")
SOON = st.sampled_from([1, 6, 31, 61, 241, 1000, 4000, 200_000])
WHICH = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3])
"""Which one: the newest is 0; after the last it begins again. Most often the same one, to which then a lot happens."""
CHECKS = 3
"""How often our webhook at Attio is checked until a request must have been found that no event has told of."""
SERVICES = {"ALC is down": ALC, "Attio is down": ATTIO}
REFUSALS: dict[str, Refusal] = {
    "Attio refuses our key": "our key",
    "Attio forbids writes": "forbidden",
    "Attio lacks our attribute": "missing attribute",
    "Attio is well": "",
}
EDITS = ["add", "add without phone", "rename", "delete", "clear the status", "overwrite the status"]
MISFORTUNES = [*SERVICES, *REFUSALS, "ALC loses a lead", "a webhook is dropped", "a message is given up"]
VERDICTS = st.sampled_from(
    [("Complete", "interested"), ("Complete", "not_interested"), ("Complete", "no_answer"), ("Failed", "no_answer")]
)


def newest(things: Sequence[T], which: int) -> T:
    """Return one of some things, counted from the last."""
    return things[-1 - which % len(things)]


class Machine(RuleBasedStateMachine):
    """The rules. What each of them does is in actions.py."""

    def __init__(self, world: World, seen: Counter[str]) -> None:
        """Reset the world, connect, and send one of four people; `seen` counts what happened."""
        super().__init__()
        world.reset()
        self.world, self.peers, self.engine, self.seen = world, world.peers, world.engine, seen
        self.alc, self.attio = self.peers.alc, self.peers.attio
        self.promises = Promises(world)
        self.does = Actions(world, self.promises)
        self.does.begin()

    @precondition(lambda self: self.attio.there())
    @rule(person=WHICH, trouble=TROUBLE)
    def click(self, person: int, trouble: Trouble | None) -> None:
        """Press Send on a person."""
        who = newest(self.attio.there(), person)
        self.does.make(trouble, who)
        self.does.click(who)

    @precondition(lambda self: self.attio.there())
    @rule(person=WHICH, trouble=TROUBLE, heard=st.booleans())
    def request(self, person: int, trouble: Trouble | None, heard: bool) -> None:
        """Set the status of a person to "Requested", in the CRM; perhaps we hear of it at once."""
        who = newest(self.attio.there(), person)
        self.does.make(trouble, who)
        self.does.request(who, heard=heard)

    @precondition(lambda self: self.attio.there())
    @rule(person=WHICH, trouble=TROUBLE)
    def run_workflow(self, person: int, trouble: Trouble | None) -> None:
        """Press Run of a workflow that sends a person and waits for the verdict."""
        who = newest(self.attio.there(), person)
        self.does.make(trouble, who)
        self.does.run_workflow(who)

    @rule(seconds=SOON, trouble=TROUBLE)
    def tick(self, seconds: int, trouble: Trouble | None) -> None:
        """Let time pass, and run the relay and the worker once."""
        self.does.make(trouble, None)
        self.world.clock.now += seconds
        self.world.run_due_work()

    @rule()
    def restart(self) -> None:
        """Start another worker, which takes over lost runs."""
        self.world.restart()

    @precondition(lambda self: self.alc.leads)
    @rule(lead=WHICH, verdict=VERDICTS, heard=st.booleans())
    def decide(self, lead: int, verdict: tuple[str, str], heard: bool) -> None:
        """Have ALC's agent come to a verdict, or change its mind; perhaps we hear of it at once."""
        which = newest(list(self.alc.leads.values()), lead)
        if not which.is_lost:
            self.does.tell(self.alc.decide(which, *verdict), heard=heard)

    @precondition(lambda self: self.alc.leads)
    @rule(lead=WHICH, heard=st.booleans())
    def learn(self, lead: int, heard: bool) -> None:
        """Have ALC's agent learn a better name and address of a person."""
        self.does.tell(self.alc.learn(newest(list(self.alc.leads.values()), lead)), heard=heard)

    @precondition(lambda self: self.peers.messages)
    @rule(message=WHICH, trouble=TROUBLE, work=st.booleans())
    def deliver(self, message: int, trouble: Trouble | None, work: bool) -> None:
        """Deliver any message, in any order, once or again. It may be handled later."""
        self.does.make(trouble, None)
        self.world.deliver(newest(sorted(self.peers.messages, key=lambda each: each.waits), message))
        if work:
            self.world.run_due_work()

    @precondition(lambda self: len(self.attio.there()) > 1)
    @rule(primary=WHICH, secondary=WHICH, heard=st.booleans())
    def merge(self, primary: int, secondary: int, heard: bool) -> None:
        """Merge two people in the CRM."""
        one, there = newest(self.attio.there(), primary), self.attio.there()
        there.remove(one)
        self.does.merge(one, newest(there, secondary), heard=heard)

    @rule(what=st.sampled_from(EDITS), person=WHICH, heard=st.booleans())
    def edit(self, what: str, person: int, heard: bool) -> None:
        """Add, change or delete a person in the CRM; or set the status by hand, to nothing or to something wrong."""
        who = newest(self.attio.there(), person) if self.attio.there() else None
        if who is None or what.startswith("add"):
            self.does.add(with_phone=what == "add", heard=heard)
        elif what == "rename":
            self.attio.rename(who)
        elif what == "delete":
            self.does.delete(who, heard=heard)
        else:
            self.does.overwrite(who, "Complete" if what.startswith("overwrite") else None)

    @rule(what=st.sampled_from(["expire", "refresh", "revoke"]))
    def lose_tokens(self, what: str) -> None:
        """Expire the tokens early, refresh them in another process, or revoke the newest consent at ALC."""
        self.promises.records.not_connected.append(self.world.clock.moment())
        if what == "refresh":
            self.world.refresh()
        for grant in self.alc.authorization.grants[-1:]:
            grant.alive = grant.alive and what != "revoke"
            grant.expires_at = 0 if what == "expire" else grant.expires_at

    @rule(what=st.sampled_from(["connect", "disconnect"]), trouble=TROUBLE)
    def connect_or_disconnect(self, what: str, trouble: Trouble | None) -> None:
        """Connect or disconnect: for the first time, again, twice, or while the last removal is being cleaned up."""
        self.does.make(trouble, None)
        self.does.connect() if what == "connect" else self.does.disconnect()

    @rule(trouble=TROUBLE)
    def rotate_secrets(self, trouble: Trouble | None) -> None:
        """Press the button that gives our webhooks new signing secrets, and run the worker once."""
        self.does.make(trouble, None)
        self.world.rotate_secrets()
        self.world.run_due_work()

    @rule(setting=st.sampled_from(["strict_removal", "send_new_people"]), on=st.booleans())
    def change_setting(self, setting: str, on: bool) -> None:
        """Change a setting of the workspace."""
        self.does.change_setting(setting, on=on)

    @rule(what=st.sampled_from(MISFORTUNES), which=WHICH, seconds=SOON)
    def suffer(self, what: str, which: int, seconds: int) -> None:
        """Have a service fail us: for so many seconds, until it is well again, or for good."""
        if what in SERVICES:
            self.peers.down_until[SERVICES[what]] = self.world.clock.now + seconds
        elif what in REFUSALS:
            self.attio.refuses = REFUSALS[what]
        elif what == "ALC loses a lead" and (under_way := self.does.under_way()):
            newest(under_way, which).is_lost = True
        elif what == "a message is given up" and (messages := self.does.may_be_lost()):
            newest(messages, which).is_lost = True
        elif what == "a webhook is dropped":
            self.does.drop_webhook(which)

    @rule(trouble=TROUBLE)
    def see_the_doctor(self, trouble: Trouble | None) -> None:
        """Run every check of the doctor, and every repair."""
        self.does.make(trouble, None)
        self.seen["findings"] += len(self.world.repair_everything())

    @rule(letter=WHICH, trouble=TROUBLE)
    def replay(self, letter: int, trouble: Trouble | None) -> None:
        """Press Replay on a dead letter, and run the worker once."""
        self.does.make(None, None)
        if letters := self.world.dead_letters():
            self.does.make(trouble, None)
            self.world.replay(newest(letters, letter))
            self.world.run_due_work()

    @invariant()
    def what_always_holds(self) -> None:
        """Check what must hold at any moment."""
        self.promises.hold()

    def teardown(self) -> None:
        """Bring everything back and let time pass until nothing is due. Check all invariants; then disconnect."""
        if sys.exception():
            return  # an invariant is violated already; report that one
        self.recover(connected=True)
        self.promises.hold_when_connected(examined=False)

        self.world.clock.now += 90_000  # once a day all leads are asked about; no pause is longer
        self.world.repair_everything()
        self.recover(connected=True)
        self.promises.hold_when_connected(examined=True)
        self.promises.expect([f"The doctor still finds: {text}" for text in self.world.repair_everything()])
        self.does.click_some()

        self.does.disconnect()
        self.recover(connected=False)
        self.promises.hold_when_removed()
        self.count()

    def recover(self, *, connected: bool) -> None:
        """Bring everything up, and do what is due until nothing is."""
        self.does.heal()
        checks = 0
        for _ in range(100):
            self.world.restart()
            for message in self.peers.messages:
                if message.waits:
                    self.world.deliver(message)
            self.world.run_due_work()
            if connected and not self.world.is_connected():
                self.world.clock.now += 600  # whoever cannot connect tries again a while later
                self.does.connect()
            self.promises.hold()
            due = self.due()
            if not due and not self.promises.records.are_answered() and checks < CHECKS:
                due, checks = rows.next_check_at_attio(self.world), checks + 1
            if not due:
                return
            self.world.clock.now = max(self.world.clock.now, min(due)) + 1
        self.promises.expect([f"There is always something due: {due}"])

    def due(self) -> list[float]:
        """Return the times at which something is due, here or there."""
        answered = {lead.id for lead in self.alc.leads.values() if lead.status in DECIDED}
        sent_again = [self.world.clock.now + 30 for message in self.peers.messages if message.waits]
        return [*rows.due(self.world, answered=answered), *sent_again]

    def count(self) -> None:
        """Count what happened, for the report."""
        self.seen["crashes"] += self.world.crash_plan.crashes
        self.seen["leads"] += len(self.alc.leads)
        self.seen["merges"] += len(self.attio.merges) // 2
        self.seen["consents"] += len(self.alc.authorization.grants)
        self.seen["deliveries"] += sum(len(message.answers) for message in self.peers.messages)
        self.seen["calls"] += len(self.peers.calls)
