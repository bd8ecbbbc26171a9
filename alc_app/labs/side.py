"""One side of a lab: what its script may do, whichever code it is done to, and how everything is put back."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, ClassVar

from alc_app.labs.background import begin
from alc_app.labs.clients import Alc, Crm, Json, LabFailed
from alc_app.pages import SideName
from alc_app.runtime.http_client import Http
from alc_app.runtime.services import Services

PHONE = "+14155550142"
ACCOUNT = "labs"
"""ALC's account of whatever a lab connects by itself: what happens there reaches nobody else's webhooks."""
LOOK_EVERY = 0.05
ANSWERED = 12.0
"""Seconds within which something that is on its way has to arrive."""
PATIENCE = 15.0
log = logging.getLogger(__name__)

Line = dict[str, Any]
Tell = Callable[[Line], None]


class Side(ABC):
    """The people, the button, the webhook and the connection of one side."""

    name: ClassVar[SideName]

    def __init__(self, services: Services, tell: Tell, stopping: threading.Event) -> None:
        self.services = services
        self.http = Http()
        self.alc = Alc(self.http, services.config.alc_url)
        self.crm = Crm(self.http, services.config.attio_origin, services.config.stand_in_token)
        self.token = ""
        """A token of the account that this side's leads are in."""
        self._tell, self._stopping, self._began = tell, stopping, time.monotonic()
        self._undo = ExitStack()

    # --- what a script says

    def say(self, text: str) -> None:
        """A step, as it happens."""
        self._tell({"event": "step", "side": self.name, "at": round(time.monotonic() - self._began, 1), "text": text})

    def observe(self, what: str, value: object, *, good: bool) -> None:
        """A fact that was looked up, and whether it is as it should be."""
        self._tell({"event": "fact", "side": self.name, "what": what, "value": str(value), "good": good})

    # --- what a script does

    def add_person(self, name: str) -> str:
        """Somebody with a phone number, whom nobody has sent yet; is put away when the lab ends."""
        record_id = self.crm.add_person(f"Lab: {name}, {self.name}", PHONE)
        self.undo(self.put_away, record_id)
        return record_id

    def click(self, record_id: str) -> str:
        """Press "Send to ALC"; returns the last words on the screen, or nothing when the answer was cut off."""
        self.say("Presses “Send to ALC”.")
        said = self.send(record_id)
        self.say(f"The screen says: “{said}”" if said else "The screen says nothing more.")
        return said

    def click_twice(self, record_id: str) -> None:
        """Press it twice, before anything has come of the first time."""
        self.say("Presses “Send to ALC” twice, at the same moment.")
        for click in [begin(self.send, record_id), begin(self.send, record_id)]:
            self.say(f"The screen says: “{click.result()}”")

    def begin_to_click(self, record_id: str) -> Future[str]:
        """Press it, and go on before the answer is there; gives the last words on the screen, later."""
        self.say("Presses “Send to ALC”.")
        return begin(self.send, record_id)

    def leads(self, record_id: str) -> list[Json]:
        """The SMS chats with this person at ALC, the oldest first."""
        return self.alc.leads(self.token, record_id)

    def wait_for_lead(self, record_id: str, number: int = 1) -> Json:
        """The first lead of a person, or a later one, as soon as ALC has it."""
        self.wait(lambda: len(self.leads(record_id)) >= number, what="ALC has not received the lead.")
        return self.leads(record_id)[number - 1]

    def decide(self, lead: Json, interest: str = "interested") -> Json:
        """ALC's agent decides, and calls the webhook; returns the delivery, once it has been answered."""
        self.say(f"ALC decides ({interest.replace('_', ' ')}) and calls the webhook.")
        self.alc.decide(lead["id"], interest)
        self.wait(lambda: self.answers(lead), what="ALC's delivery was not answered.")
        self.say(f"The webhook answers {self.answers(lead)[-1]}.")
        return self.alc.deliveries(lead["id"])[0]

    def answers(self, lead: Json) -> list[int]:
        """How each attempt to deliver the verdict on this lead was answered."""
        attempts = [attempt for delivery in self.alc.deliveries(lead["id"]) for attempt in delivery["attempts"]]
        return [attempt["status"] for attempt in attempts if attempt["status"]]

    def break_alc(self, **fault: Any) -> str:
        """Trouble at ALC until the lab ends or mends it; returns its id."""
        fault_id = self.alc.break_it(**fault)
        self.undo(self.alc.mend, fault_id)
        return fault_id

    def break_crm(self, record_id: str) -> None:
        """Writes to this record fail, until the lab ends or mends it."""
        self.crm.break_writes(record_id)
        self.undo(self.crm.mend_writes, record_id)

    def wait(self, true: Callable[[], object], *, what: str, within: float = ANSWERED) -> None:
        """Wait for it. Raises: LabFailed, with what has not come."""
        if not self.comes_true(true, within=within):
            raise LabFailed(f"{what} The lab waited {within:g} seconds for it.")

    def comes_true(self, true: Callable[[], object], *, within: float) -> bool:
        """Does it come true within so many seconds?"""
        deadline = time.monotonic() + within
        while not true():
            if self._stopping.is_set():
                raise LabFailed("The app is stopping.")
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EVERY)  # what happens elsewhere is looked for
        return True

    def undo(self, act: Callable[..., object], *args: object) -> None:
        """To be done when the lab ends, however it ends; the last first."""
        self._undo.callback(_quietly, act, *args)

    def tidy_up(self) -> None:
        """Put everything back."""
        self._undo.close()

    def put_away(self, record_id: str) -> None:
        """Let the person's leads end, then delete the record: no row of ours may wait for a record that is gone."""
        for lead in self.leads(record_id):
            self.alc.decide(lead["id"], "no_answer")
        if self.comes_true(lambda: self.has_ended(record_id), within=PATIENCE):
            self.crm.delete(record_id)

    # --- what differs

    @abstractmethod
    def set_up(self) -> None:
        """Get ready; what is made is put on the list of what is undone."""

    @abstractmethod
    def send(self, record_id: str) -> str:
        """What the button does; returns the last words on the screen."""

    @abstractmethod
    def follow_the_text(self) -> None:
        """Mark the record as "Pending" (Usage 9), where the code forgets what the text says."""

    @abstractmethod
    def hook_url(self) -> str:
        """Where ALC calls this side."""

    @abstractmethod
    def is_settled(self, record_id: str) -> bool:
        """Has everything been done that this side knows can be done now?"""

    @abstractmethod
    def has_ended(self, record_id: str) -> bool:
        """Is it waiting for nothing any more, as far as it knows?"""

    @abstractmethod
    def send_and_be_killed(self, record_id: str) -> str:
        """The button, with a kill -9 once ALC has the lead; returns the last words on the screen, if any."""

    @abstractmethod
    def connect(self) -> Json:
        """A connection of the lab's own; returns its webhook at ALC."""

    @abstractmethod
    def disconnect(self) -> None:
        """Remove that connection."""


def _quietly(act: Callable[..., object], *args: object) -> None:
    """One that fails must not keep the others; what it leaves is found by the next lab."""
    try:
        act(*args)
    except Exception:
        log.warning("A lab could not put everything back; the next one will.", exc_info=True)
