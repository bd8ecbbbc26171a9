"""One day: what can be done on it, and what could be seen from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mock_alc.testing.storm.connection import Connection
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.integration import MOMENT, Control, Integration, Json

LAST_PERSON = 0
"""The number of the person who is sent when all trouble is over."""
WAITING_PERSON = -1
"""The number of the person who is sent then to see whether the integration waits as it is asked to."""
RESTART = 2.0
"""Seconds in which the integration may be silent, because something starts it again."""


class AppSilent(Exception):
    """Nobody answers at the integration any more. The message says what was tried."""


@dataclass(frozen=True)
class Click:
    """One person was sent. `refused` is what the integration said, if it did not take it."""

    record_id: str
    number: int
    """Of the happening; clicks at the same moment have the same."""
    at: str
    refused: str | None = None


@dataclass(frozen=True)
class Seen:
    """What the CRM showed of a person after a happening; it was read when ALC's clock had not yet passed `until`."""

    record_id: str
    after: int
    until: str
    status: str | None


@dataclass(frozen=True)
class Happened:
    """What has happened, when it began in ALC's time, and by how many seconds ALC's clock had been moved until then."""

    what: Happening
    at: str
    moved: float


@dataclass
class Day:
    """The people of one day, and what has happened to them."""

    integration: Integration
    control: Control
    patience: float
    """Seconds that the integration has for what it does in the background."""
    happened: list[Happened] = field(default_factory=list)
    """What had nothing to do is left out."""
    clicks: list[Click] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    connection: Connection = field(init=False)
    silence: str = ""
    """What was tried when nobody answered at the integration any more."""
    lost_connection: str = ""
    """What a refusal said when all trouble was over, and somebody had to connect the integration again."""
    waits_for_seconds: bool = False
    """Whether the integration was seen to wait for the seconds of a Retry-After."""
    under_way: dict[str, str | None] = field(default_factory=dict)
    """What the CRM showed of each person whose only chat was under way when the trouble was over."""
    _before: int = 0
    """The number of the last request before this day."""
    _people: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with a connection that is up."""
        self.connection = Connection(self.integration, self.control, self.patience)

    @classmethod
    def begin(cls, integration: Integration, control: Control, patience: float, make_new: bool) -> Day:
        """Begin a day without trouble, at the real time, and with a new connection if that is wanted."""
        control("DELETE", "clock?idle=no", None)
        control("DELETE", "faults", None)
        control("DELETE", "scenarios", None)
        day = cls(integration, control, patience)
        day.connection.begin(make_new)
        day._before = control("GET", "state", None)["requests"]
        return day

    def now(self) -> str:
        """Return the time of ALC's clock."""
        return str(self.control("GET", "clock?idle=no", None)["now"])

    def play(self, what: Happening, act: Callable[[], bool]) -> None:
        """Let something happen, and look what the CRM shows. `act` returns False if there was nothing to do."""
        clock = self.control("GET", "clock?idle=no", None)
        if act():
            self.happened.append(Happened(what, clock["now"], clock["ahead_by"]))
            self.look()

    def person(self, who: int) -> str:
        """Return the record id of a person of this day."""
        if who not in self._people:
            self._people[who] = self.integration.person()
        return self._people[who]

    @property
    def people(self) -> Mapping[str, int]:
        """The number of each person, by record id."""
        return {record_id: who for who, record_id in self._people.items()}

    @property
    def clicked(self) -> Sequence[str]:
        """The people who were sent, by record id, each once."""
        return list(dict.fromkeys(click.record_id for click in self.clicks))

    def leads(self) -> list[Json]:
        """Return ALC's leads of the people of this day, oldest first."""
        if not self._people:
            return []
        query = urlencode({"record_id": list(self._people.values())}, doseq=True)
        return list(self.control("GET", f"leads?{query}", None)["leads"])

    def deliveries(self, leads: Sequence[Json] | None = None) -> list[Json]:
        """Return the deliveries about the people of this day, oldest first; who knows the `leads` saves a call."""
        found: list[Json] = []
        for lead in self.leads() if leads is None else leads:
            page = self.control("GET", f"deliveries?lead_id={lead['id']}&limit=500", None)
            found += page["deliveries"]
        return sorted(found, key=lambda delivery: str(delivery["created_at"]))

    def requests(self) -> list[Json]:
        """Return the requests that have come to ALC on this day, oldest first."""
        return list(self.control("GET", f"requests?after={self._before}", None)["requests"])

    def records(self, method: str, path: str, body: Any) -> Json:
        """Answer what the control API answers, of requests and deliveries those of this day alone."""
        if path == "requests":
            return {"requests": self.requests()}
        if path.startswith("deliveries?"):
            return {"deliveries": self.deliveries(), "next_after": None}
        return self.control(method, path, body)

    def look(self) -> None:
        """Note what the CRM shows of each person who was sent."""
        if not self.clicks:
            return
        shown = {record_id: self.status(record_id) for record_id in self.clicked}
        until = self.now()
        self.seen += [Seen(each, len(self.happened), until, status) for each, status in shown.items()]

    def status(self, record_id: str) -> str | None:
        """Read a status. Raises: AppSilent, if nobody answers for a while."""
        until = time.monotonic() + max(self.patience, RESTART)
        while True:
            try:
                return self.integration.status(record_id)
            except OSError as error:
                if time.monotonic() > until:
                    raise AppSilent(str(error)) from error
            self.settle()

    def click(self, *people: int) -> str | None:
        """Send people, all at the same moment; the same person may be twice. Return what the last refusal says."""
        record_ids = [self.person(who) for who in people]
        threads = [threading.Thread(target=self._click, args=(record_id,)) for record_id in record_ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.clicks[-1].refused

    def _click(self, record_id: str) -> None:
        at, refused = self.now(), None
        try:
            self.integration.click(record_id)
        except Exception as error:
            refused = str(error) or type(error).__name__
        self.clicks.append(Click(record_id, len(self.happened), at, refused))

    def decide(self, who: int, interest: str, fault: Mapping[str, Any] | None) -> bool:
        """Let the agent decide about the open chat of a person; False if there is none."""
        record_id = self.person(who)
        found = [lead for lead in self.leads() if lead["record_id"] == record_id and lead["status"] == "processing"]
        if not found:
            return False
        lead_id = found[-1]["id"]
        if fault:
            self.control("POST", "faults", {**fault, "match": {"lead_id": lead_id}})
        self.decide_lead(lead_id, interest)
        return True

    def decide_lead(self, lead_id: str, interest: str) -> None:
        """Let the agent decide about a lead, unless it has decided by itself a moment before."""
        try:
            self.control("POST", f"leads/{lead_id}/decide", {"interest": interest})
        except Exception:
            if any(lead["id"] == lead_id and lead["status"] == "processing" for lead in self.leads()):
                raise
        self.let_pass(0)

    def resend(self, who: int, which: int = -1) -> bool:
        """Deliver the last verdict on a person, or the first, once more; False if there is none, or nobody listens."""
        record_id = self.person(who)
        found = [
            each
            for each in self.deliveries()
            if each["body"].get("record_id") == record_id and each["created_at"] >= self.connection.made_at
        ]
        if not found or found[which]["state"] != "delivered" or not self.connection.listens:
            return False
        self.control("POST", f"deliveries/{found[which]['id']}/resend", None)
        self.let_pass(0)
        return True

    def let_pass(self, seconds: float) -> None:
        """Let time pass for ALC; what is due meanwhile is done when this returns."""
        self.control("POST", "clock?idle=no", {"advance": seconds})

    def expire_tokens(self) -> None:
        """Let the access tokens expire, also those that were issued when ALC's clock was ahead."""
        self.control("POST", "tokens/expire", None)

    def fill_pages(self, leads: int) -> None:
        """Let ALC have so many newer leads, which are decided, of people whom the integration does not know."""
        lead = {"name": "Ben", "phoneNumber": "+442071838750", "interest": "no_answer"}
        others = [{**lead, "recordId": f"elsewhere-{number}"} for number in range(leads)]
        self.control("POST", "seed", {"leads": others})

    def let_idle(self) -> None:
        """Let time pass until ALC has nothing to do."""
        self.control("POST", "clock?idle=no", {"until": "idle"})

    def settle(self, seconds: float = MOMENT) -> None:
        """Give the integration a moment for what it does in the background."""
        self.integration.wait_a_moment(seconds)
