"""One day: what can be done on it, and what could be seen from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mock_alc.scenarios.operations import SEND
from mock_alc.testing.storm.happening import Happening
from mock_alc.testing.storm.integration import Control, Integration, Json

LAST_PERSON = 0
"""The number of the person who is sent when all trouble is over."""
RECOVERY = 3.0
"""Seconds in which the integration may still refuse, because it waits as ALC has asked it to."""
MOMENT = 0.05
NO_FAULT: Mapping[str, Any] = {}
SOON = 10.0
"""Seconds in which a request that is under way reaches ALC."""


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
    """What the CRM showed of a person after a happening, at some time of ALC's clock from `at` to `until`."""

    record_id: str
    after: int
    at: str
    until: str
    status: str | None


@dataclass
class Day:
    """The people of one day, and what has happened to them."""

    integration: Integration
    control: Control
    patience: float
    """Seconds that the integration has for what it does in the background."""
    happened: list[tuple[str, Happening]] = field(default_factory=list)
    """With the time of ALC's clock at which each began; what had nothing to do is left out."""
    clicks: list[Click] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    left_registered: list[int] = field(default_factory=list)
    """How many webhooks ALC still had, a while after each disconnect."""
    cleans_up_later: bool = False
    """Whether old webhooks may stay until the next connect: no token may be valid, or a connect has failed."""
    under_way: dict[str, str | None] = field(default_factory=dict)
    """What the CRM showed of each person whose only chat was under way when the trouble was over."""
    _before: int = 0
    """The number of the last request before this day."""
    _webhooks: int = 0
    """How many webhooks there were before this day."""
    _people: dict[int, str] = field(default_factory=dict)
    _is_connected: bool = True

    @classmethod
    def begin(cls, integration: Integration, control: Control, patience: float) -> Day:
        """Begin a day without trouble, at the real time."""
        control("DELETE", "clock", None)
        control("DELETE", "faults", None)
        earlier = control("GET", "requests", None)["requests"]
        day = cls(integration, control, patience, _before=earlier[-1]["number"] if earlier else 0)
        day._webhooks = day._count_webhooks()
        return day

    def end(self) -> None:
        """Connect again, send a last person, decide the chats that are under way, and deliver what waits."""
        self.connect()
        self.let_idle()
        self._send_a_last_person()
        for lead in self.leads():
            if lead["status"] == "processing":
                self._decide(lead["id"], "interested")
        self.let_idle()

    def _send_a_last_person(self) -> None:
        """Send somebody new, again for a while if that is refused, and after a new connection if there can be one."""
        until, may_connect = time.monotonic() + max(self.patience, RECOVERY), True
        while self.click(LAST_PERSON) and time.monotonic() < until:
            if may_connect or not self._is_connected:
                self._connect()
                may_connect = False
            self.settle()
        self.look()

    def now(self) -> str:
        """Return the time of ALC's clock."""
        return str(self.control("GET", "clock", None)["now"])

    def person(self, who: int) -> str:
        """Return the record id of a person of this day."""
        if who not in self._people:
            self._people[who] = self.integration.person()
        return self._people[who]

    @property
    def had_one_connection(self) -> bool:
        """Tell whether the integration has been connected all day, and with a token that is valid."""
        return self._is_connected and not self.left_registered and not self.cleans_up_later

    @property
    def people(self) -> Mapping[str, int]:
        """The number of each person, by record id."""
        return {record_id: who for who, record_id in self._people.items()}

    def leads(self) -> list[Json]:
        """Return ALC's leads of the people of this day, oldest first."""
        if not self._people:
            return []
        query = urlencode({"record_id": list(self._people.values())}, doseq=True)
        return list(self.control("GET", f"leads?{query}", None)["leads"])

    def deliveries(self) -> list[Json]:
        """Return the deliveries about the people of this day, oldest first."""
        found: list[Json] = []
        for lead in self.leads():
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
        clicked = dict.fromkeys(click.record_id for click in self.clicks)
        if not clicked:
            return
        began = self.now()
        shown = {record_id: self.integration.status(record_id) for record_id in clicked}
        ended = self.now()
        self.seen += [Seen(each, len(self.happened), began, ended, status) for each, status in shown.items()]

    def click(self, who: int, times: int = 1) -> str | None:
        """Send a person, several times at the same moment if `times` says so. Return what a refusal says."""
        record_id = self.person(who)
        threads = [threading.Thread(target=self._click, args=(record_id,)) for _ in range(times)]
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
        if fault:
            self.control("POST", "faults", dict(fault))
        self._decide(found[-1]["id"], interest)
        return True

    def _decide(self, lead_id: str, interest: str) -> None:
        self.control("POST", f"leads/{lead_id}/decide", {"interest": interest})
        self.let_pass(0)

    def resend(self, who: int, which: int = -1) -> bool:
        """Deliver the last verdict on a person, or the first, once more; False if there is none, or nobody listens."""
        record_id = self.person(who)
        found = [each for each in self.deliveries() if each["body"].get("record_id") == record_id]
        if not found or found[which]["state"] != "delivered" or not self._is_connected:
            return False
        self.control("POST", f"deliveries/{found[which]['id']}/resend", None)
        self.let_pass(0)
        return True

    def let_pass(self, seconds: float) -> None:
        """Let time pass for ALC; what is due meanwhile is done when this returns."""
        self.control("POST", "clock", {"advance": seconds})

    def let_idle(self) -> None:
        """Let time pass until ALC has nothing to do."""
        self.control("POST", "clock", {"until": "idle"})

    def kill(self, in_click_on: int | None) -> None:
        """Kill the integration and start it again, if wanted while it sends a person."""
        kill, start = self.integration.kill, self.integration.start
        if kill is None or start is None:
            raise TypeError("An integration that is killed has both kill and start.")
        if in_click_on is None:
            kill()
            start()
        else:
            self._kill_in_click(in_click_on, kill, start)

    def _kill_in_click(self, who: int, kill: Callable[[], object], start: Callable[[], object]) -> None:
        """Kill while ALC answers slowly: it has taken the lead, and the integration does not know."""
        record_id, before = self.person(who), len(self.leads())
        fault = {"route": SEND, "trouble": "slow", "seconds": SOON, "match": {"recordId": record_id}}
        fault_id = self.control("POST", "faults", fault)["id"]
        clicking = threading.Thread(target=self._click, args=(record_id,))
        clicking.start()
        until = time.monotonic() + SOON
        while clicking.is_alive() and len(self.leads()) == before and time.monotonic() < until:
            clicking.join(0.02)
        kill()
        self.control("DELETE", f"faults/{fault_id}", None)
        start()
        clicking.join()

    def disconnect(self, fault: Mapping[str, Any]) -> bool:
        """Disconnect, with a fault of ALC's if there is one; False if it is disconnected already."""
        if not self._is_connected or self.integration.disconnect is None:
            return False
        if fault:
            self.control("POST", "faults", dict(fault))
        self.integration.disconnect()
        self._is_connected = False
        return True

    def _webhooks_left(self, wanted: int) -> int:
        """Count the active webhooks that are too many. The integration has a while to delete them."""
        until = time.monotonic() + self.patience
        while (left := self._count_webhooks() - wanted) > 0 and time.monotonic() < until:
            self.settle()
        return max(left, 0)

    def _count_webhooks(self) -> int:
        return int(self.control("GET", "state", None)["webhooks"].get("active", 0))

    def settle(self) -> None:
        """Give the integration a moment for what it does in the background."""
        if self.integration.settle:
            self.integration.settle()
        time.sleep(MOMENT)

    def connect(self, fault: Mapping[str, Any] = NO_FAULT) -> bool:
        """Connect again, with a fault of ALC's if there is one; False if it is connected.

        Before, note the webhooks that are left at ALC.
        """
        if self._is_connected or self.integration.connect is None:
            return False
        if not self.cleans_up_later:
            self.left_registered.append(self._webhooks_left(wanted=0))
        if fault:
            self.control("POST", "faults", dict(fault))
        self._connect()
        return True

    def _connect(self) -> None:
        if self.integration.connect is None:
            return
        try:
            self.integration.connect()
        except Exception:  # refused, by ALC or by the integration; a person tries again later
            self.cleans_up_later = True
            return
        self._is_connected = True
        if self.cleans_up_later:
            self.left_registered.append(self._webhooks_left(wanted=self._webhooks))
            self.cleans_up_later = False
