"""What people and services do in the Hypothesis machine (machine.py), and what the promises have to know of it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.chaos.intents import FOREVER
from tests.support.chaos.promises import Promises
from tests.support.chaos.troubles import EVERY_CALL, FAULTS, Trouble, meanwhile
from tests.support.chaos.world import World
from tests.support.fakes.messages import Message
from tests.support.fakes.peers_alc import AlcLead
from tests.support.fakes.peers_attio import REQUESTED, STATUS, Person
from tests.support.fakes.runtime import Fault, passes

SUCCESS = "Successfully sent to ALC!"
STILL_SENDING = "Still sending to ALC"


class Actions:
    """The actions. Each may end in a crash, which the world survives."""

    def __init__(self, world: World, promises: Promises) -> None:
        self._world, self._peers, self._promises = world, world.peers, promises
        self._alc, self._attio = world.peers.alc, world.peers.attio
        self._new_people_are_sent = False

    def begin(self) -> None:
        """Connect, and send the first of four people, of whom one has no phone number."""
        people = [self._attio.add(with_phone=has_phone) for has_phone in (True, True, False, True)]
        self._world.connect()
        self._world.run_due_work()
        self.click(people[-1])

    def click(self, person: Person) -> list[str]:
        """Press Send; return the titles that are shown. C7: after a success there is a lead, and a connection."""
        since, was_connected = self._world.clock.moment(), self._promises.is_connected()
        titles = self._world.click(person.id)
        is_success = SUCCESS in titles
        until = self._world.clock.moment() if is_success else FOREVER
        self._promises.intents.note("click", person.id, since, until)
        if not titles or STILL_SENDING in titles:
            self._promises.records.unwatched.add(person.id)
        if is_success:
            is_connected = was_connected or self._promises.is_connected()
            self._promises.expect([] if self._leads(person) else ["C7: a success without a lead."])
            self._promises.expect([] if is_connected else ["C7: a success without a connection."])
        return titles

    def click_some(self) -> None:
        """Press Send on some people, now that all is well."""
        for person in self._attio.there()[-2:]:
            if SUCCESS not in (titles := self.click(person)) and person.phone_numbers:
                self._promises.expect([f"Not sent, although all is well: {titles}"])

    def request(self, person: Person, *, heard: bool) -> None:
        """Set the status to "Requested"."""
        self._promises.records.note_request(person)
        self._promises.note_connection()
        if person.values.get("alc_status") != REQUESTED:
            self._promises.intents.note("request", person.id, self._world.clock.moment())
        told = len(self._attio.messages)
        self._attio.set_status(person, REQUESTED)
        self.tell(self._attio.messages[told:], heard=heard)

    def connect(self) -> None:
        """Press Connect, and allow it."""
        self._promises.records.not_connected.append(self._world.clock.moment())
        self._world.connect()

    def disconnect(self) -> None:
        """Press Disconnect."""
        self._promises.records.not_connected.append(self._world.clock.moment())
        self._world.disconnect()

    def run_workflow(self, person: Person) -> None:
        """Press Run, and run the worker once."""
        self._promises.records.unwatched.add(person.id)
        if run_id := self._world.run_workflow("qualify", person.id):
            self._promises.intents.note_run(run_id)
        self._world.run_due_work()

    def merge(self, primary: Person, secondary: Person, *, heard: bool) -> None:
        """Merge two people."""
        made = self._attio.merge(primary, secondary)
        if made.values.get(STATUS) == REQUESTED:
            self._promises.intents.note_copy(made.id, primary.id, secondary.id)
        self.tell([*self._attio.merges[primary.id], *self._attio.merges[secondary.id]], heard=heard)

    def delete(self, person: Person, *, heard: bool) -> None:
        """Delete a person."""
        told = len(self._attio.messages)
        self._attio.delete(person)
        self.tell(self._attio.messages[told:], heard=heard)

    def add(self, *, with_phone: bool, heard: bool) -> None:
        """Add a person."""
        since, told = self._world.clock.moment(), len(self._attio.messages)
        person = self._attio.add(with_phone=with_phone)
        if self._new_people_are_sent:
            self._promises.records.unwatched.add(person.id)
            self._promises.intents.note("new", person.id, since)
        self.tell(self._attio.messages[told:], heard=heard)

    def overwrite(self, person: Person, status: str | None) -> None:
        """Change the status by hand."""
        self._promises.records.overwritten.add(person.id)
        self._attio.set_status(person, status)

    def change_setting(self, setting: str, *, on: bool) -> None:
        """Change a setting. Whoever is added from now on may be sent, also if the setting is changed again."""
        self._new_people_are_sent |= setting == "send_new_people" and on
        self._world.set_setting(setting, on)

    def tell(self, messages: Sequence[Message], *, heard: bool) -> None:
        """Deliver these messages and run the worker once, if they are to be heard at once."""
        for message in messages if heard else ():
            self._world.deliver(message)
        if heard:
            self._world.run_due_work()

    def may_be_lost(self) -> list[Message]:
        """The messages that nobody has taken, but those of merges."""
        of_merges = [message for messages in self._attio.merges.values() for message in messages]
        return [message for message in self._peers.messages if message.waits and message not in of_merges]

    def under_way(self) -> list[AlcLead]:
        """The leads that ALC works on."""
        return [lead for lead in self._alc.leads.values() if lead.is_under_way]

    def drop_webhook(self, which: int) -> None:
        """Have ALC or Attio drop one of our webhooks."""
        known = [*self._alc.webhooks, *self._attio.webhooks]
        if known:
            dropped = known[which % len(known)]
            self._alc.webhooks.pop(dropped, None)
            self._attio.webhooks.pop(dropped, None)

    def make(self, trouble: Trouble | None, person: Person | None) -> None:
        """Let some of the next calls fail, the process crash, or somebody do something to this person meanwhile.

        Trouble that did not happen yet is cleared.
        """
        self._clear_trouble()
        if trouble is None:
            return
        if trouble.what == "crash":
            self._world.crash_plan.after = trouble.after
        elif trouble.what == "crash at a write":
            self._world.crash_plan.after_writes = trouble.after
        else:
            calls, fault = self._fault(trouble.what, person)
            self._peers.fault(calls, *[passes] * trouble.after, *[fault] * trouble.times)

    def _fault(self, what: str, person: Person | None) -> tuple[str, Fault]:
        """Return a fault, and the calls that it is for."""
        if what in FAULTS:
            return FAULTS[what]
        if what == "late":
            return EVERY_CALL, self._peers.late
        act, _, when = what.partition(" ")
        crash = self._world.crash_plan.crash
        return EVERY_CALL, meanwhile(
            crash if act == "crash" else lambda: self._act(act, person), first="before" in when
        )

    def heal(self) -> None:
        """Bring everything up."""
        self._clear_trouble()
        self._peers.down_until.clear()
        self._attio.refuses = ""

    def _clear_trouble(self) -> None:
        self._peers.heal()
        self._world.crash_plan.clear()

    def _act(self, what: str, person: Person | None) -> None:
        """Do something to the person, or to the newest one, while a call is under way."""
        there = self._attio.there()
        if person is None or not person.is_there:
            person = there[-1] if there else None
        if what == "forbid" or person is None:
            self._attio.refuses = "forbidden"
        elif what == "click":
            self.click(person)
        elif what == "request":
            self.request(person, heard=True)
        elif what == "delete":
            self.delete(person, heard=True)
        elif what == "merge" and len(there) > 1:
            self.merge(person, next(other for other in there if other is not person), heard=True)
        elif what == "decide":
            under_way = [lead for lead in self._leads(person) if lead.is_under_way]
            self.tell(self._alc.decide(under_way[-1], "Complete", "interested") if under_way else [], heard=True)

    def _leads(self, person: Person) -> list[AlcLead]:
        """ALC's leads for a person, also those from before a merge."""
        called = self._attio.now_called
        return [lead for lead in self._alc.leads.values() if called(lead.record_id) == called(person.id)]
