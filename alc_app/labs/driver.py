"""The driver of one side: the actions and checks that a lab may perform, and the clean-up after it."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, ClassVar

from alc_app.labs.background import submit
from alc_app.labs.clients import AlcClient, AttioClient, Json, LabFailed
from alc_app.pages import SideName
from alc_app.runtime.exchanges.log import ExchangeLog
from alc_app.runtime.http_client import Http
from alc_app.runtime.services import Services

PHONE = "+14155550142"
ACCOUNT = "labs"
"""ALC's account for connections that labs make. Its events do not reach the webhooks of other accounts."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
"""Seconds between two looks at what another process does. They grow, so that a long wait costs little."""
RESPONSE_TIMEOUT = 12.0
"""Seconds to wait for a request or a delivery that is under way."""
CLEANUP_TIMEOUT = 15.0
log = logging.getLogger(__name__)

Event = dict[str, Any]
"""What the page gets: `event` is "step", "fact", "outcome", "failed" or "done", beside the fields of that kind."""
Emit = Callable[[Event], None]


class Driver(ABC):
    """Performs a lab's actions on one side; NaiveDriver and AppDriver say how."""

    name: ClassVar[SideName]
    exchanges: ExchangeLog
    """Has what this side sends and receives."""

    def __init__(self, services: Services, emit: Emit, stopping: threading.Event) -> None:
        """Report to `emit`; waiting ends with LabFailed when `stopping` is set."""
        self.services = services
        self.http = Http()
        self.alc = AlcClient(self.http, services.config.alc_url)
        self.attio = AttioClient(self.http, services.config.attio_origin, services.config.stand_in_token)
        self.token = ""
        """An access token for the ALC account that has this side's leads; `set_up` gets it."""
        self._emit, self._stopping, self._started_at = emit, stopping, time.monotonic()
        self._cleanups = ExitStack()

    # --- reports

    def report(self, text: str) -> None:
        """Report a step, in a sentence."""
        at = round(time.monotonic() - self._started_at, 1)
        self._emit({"event": "step", "side": self.name, "at": at, "text": text})

    def observe(self, what: str, value: object, *, good: bool) -> None:
        """Report a fact that was looked up, and whether it is as it should be."""
        self._emit({"event": "fact", "side": self.name, "what": what, "value": str(value), "good": good})

    # --- actions that are the same on both sides

    def create_person(self, name: str) -> str:
        """Create a person with a phone number, who is deleted when the lab ends, and return the record id."""
        record_id = self.attio.create_person(f"Lab: {name}, {self.name}", PHONE)
        self.add_cleanup(self.remove_person, record_id)
        return record_id

    def click(self, record_id: str) -> str:
        """Press "Send to ALC". Return the last message on the screen, or "" if the response was cut off."""
        self.report("Presses “Send to ALC”.")
        message = self.send(record_id)
        self.report(f"The screen says: “{message}”" if message else "The screen shows nothing more.")
        return message

    def click_twice(self, record_id: str) -> None:
        """Press "Send to ALC" twice at the same time."""
        self.report("Presses “Send to ALC” twice, at the same moment.")
        for click in [submit(self.send, record_id), submit(self.send, record_id)]:
            self.report(f"The screen says: “{click.result()}”")

    def click_async(self, record_id: str) -> Future[str]:
        """Press "Send to ALC" without waiting; the future gives the last message on the screen."""
        self.report("Presses “Send to ALC”.")
        return submit(self.send, record_id)

    def list_leads(self, record_id: str) -> list[Json]:
        """Return the leads (SMS chats) of this person at ALC, the oldest first."""
        return self.alc.list_leads(record_id)

    def wait_for_lead(self, record_id: str, number: int = 1) -> Json:
        """Wait until ALC has `number` leads of a person, and return the last of them. Raises: LabFailed."""
        self.wait_for(lambda: len(self.list_leads(record_id)) >= number, failure="ALC has not received the lead.")
        return self.list_leads(record_id)[number - 1]

    def decide(self, lead: Json, interest: str = "interested") -> Json:
        """Let ALC's agent decide and call the webhook. Return the delivery once it has been answered."""
        self.report(f"ALC decides ({interest.replace('_', ' ')}) and calls the webhook.")
        self.alc.decide(lead["id"], interest)
        self.wait_for(lambda: self.response_statuses(lead), failure="ALC's delivery was not answered.")
        self.report(f"The webhook answers {self.response_statuses(lead)[-1]}.")
        return self.alc.list_deliveries(lead["id"])[0]

    def response_statuses(self, lead: Json) -> list[int]:
        """Return the HTTP status of each answered attempt to deliver the verdict on this lead."""
        attempts = [attempt for delivery in self.alc.list_deliveries(lead["id"]) for attempt in delivery["attempts"]]
        return [attempt["status"] for attempt in attempts if attempt["status"]]

    def break_alc(self, **fault: Any) -> str:
        """Create a fault at ALC, which ends with the lab at the latest, and return its id."""
        fault_id = self.alc.create_fault(**fault)
        self.add_cleanup(self.alc.delete_fault, fault_id)
        return fault_id

    def begin_scenario(self, name: str, record_id: str) -> None:
        """Let the next lead of a person go as this scenario of ALC says; its faults end with the lab."""
        self.add_cleanup(self.alc.delete_faults_about, record_id)
        self.alc.begin_scenario(name, record_id)

    def break_crm(self, **fault: Any) -> str:
        """Create a fault at the stand-in, which ends with the lab at the latest, and return its id."""
        fault_id = self.attio.create_fault(**fault)
        self.add_cleanup(self.attio.delete_fault, fault_id)
        return fault_id

    def break_attio(self, record_id: str) -> str:
        """Let writes to this record fail, at the latest until the lab ends, and return the id of the fault."""
        route = f"PATCH /v2/objects/people/records/{record_id}"
        return self.break_crm(route=route, answer={"status": 503}, times=None)

    def wait_for(self, condition: Callable[[], object], *, failure: str) -> None:
        """Wait until the condition is true. Raises: LabFailed, which begins with the sentence `failure`."""
        if not self.poll(condition, timeout=RESPONSE_TIMEOUT):
            raise LabFailed(f"{failure} The lab waited {RESPONSE_TIMEOUT:g} seconds for it.")

    def poll(self, condition: Callable[[], object], *, timeout: float) -> bool:
        """Return True as soon as the condition is true, or False after `timeout` seconds."""
        deadline, pause = time.monotonic() + timeout, FIRST_PAUSE
        while not condition():
            if self._stopping.is_set():
                raise LabFailed("The app is stopping.")
            if time.monotonic() > deadline:
                return False
            time.sleep(pause)  # another process does the work
            pause = min(pause * 1.5, LONGEST_PAUSE)
        return True

    # --- clean-up

    def add_cleanup(self, cleanup: Callable[..., object], *args: object) -> None:
        """Call this when the lab ends, however it ends; the last one added is called first."""
        self._cleanups.callback(_log_failure, cleanup, *args)

    def clean_up(self) -> None:
        """Call every clean-up that was added."""
        self._cleanups.close()

    def remove_person(self, record_id: str) -> None:
        """Let the person's leads end, then delete the record, so that no lead of ours waits for a deleted record."""
        for lead in self.list_leads(record_id):
            self.alc.decide(lead["id"], "no_answer")
        if self.poll(lambda: self.has_ended(record_id), timeout=CLEANUP_TIMEOUT):
            self.attio.delete_person(record_id)

    # --- actions that each side performs in its own way

    @abstractmethod
    def set_up(self) -> None:
        """Prepare this side. Add a clean-up for everything that is created."""

    @abstractmethod
    def send(self, record_id: str) -> str:
        """Run the record action, and return the last message on the screen."""

    @abstractmethod
    def enable_pending_write(self) -> None:
        """Mark records as "Pending" after a send (tutorial step Usage 9), which the tutorial's code leaves out."""

    @abstractmethod
    def webhook_url(self) -> str:
        """Return the URL that ALC calls for this side."""

    @abstractmethod
    def is_settled(self, record_id: str) -> bool:
        """Return whether this side has done everything for the record that it can do now."""

    @abstractmethod
    def bring_retries_forward(self, record_id: str) -> None:
        """Let what this side tries again later about the record be due now: a story does not wait for minutes."""

    @abstractmethod
    def has_ended(self, record_id: str) -> bool:
        """Return whether this side waits for nothing more about the record."""

    @abstractmethod
    def send_and_kill(self, record_id: str) -> str:
        """Send, and kill -9 the process once ALC has the lead. Return the last message on the screen, or ""."""

    @abstractmethod
    def decide_and_kill(self, lead: Json) -> None:
        """Let ALC's agent decide, and kill -9 the process as soon as it has answered the webhook."""

    @abstractmethod
    def kill(self) -> None:
        """Kill -9 the process while nothing is under way."""

    @abstractmethod
    def connect(self) -> Json:
        """Make a connection for this lab, and return the `webhook_id` and `url` of its webhook at ALC."""

    @abstractmethod
    def disconnect(self) -> None:
        """Remove the connection that `connect` has made."""


def _log_failure(cleanup: Callable[..., object], *args: object) -> None:
    """Log an error instead of raising it, so that the other clean-ups run; the next lab removes what is left."""
    try:
        cleanup(*args)
    except Exception:
        log.warning("A lab did not clean up completely. The next lab retries.", exc_info=True)
