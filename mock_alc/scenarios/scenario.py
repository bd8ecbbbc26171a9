"""What a scenario consists of: what ALC does, what the person does, and the end state of a correct app."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session

from mock_alc.base.clock import iso
from mock_alc.leads import agent
from mock_alc.leads.conversations import summary_of
from mock_alc.leads.leads import DECIDED, Lead
from mock_alc.webhooks.outbox import announce

Step = Literal["send", "connect", "reconnect", "disconnect"]
FaultSpec = Mapping[str, Any]
TEN_YEARS = 3_650 * 86_400.0
"""Seconds; longer than any test waits, even in virtual time."""


@dataclass(frozen=True)
class ScenarioContext:
    """The lead of a scenario, in the transaction that creates it, and the time of the mock's clock."""

    session: Session
    lead: Lead
    now: datetime

    def decide(self) -> None:
        """Decide the lead as Complete now."""
        agent.decide(self.session, self.lead.id, self.now, interest="interested", status="Complete")

    def postpone_decision(self, after: float) -> None:
        """Let the agent decide `after` seconds from now, as Complete whatever the phone number."""
        self.lead.decide_at, self.lead.interest = self.now + timedelta(seconds=after), "interested"
        self.session.add(self.lead)

    def verdict(self, *, occurred_after: float = 0.0, **changes: Any) -> dict[str, Any]:
        """Return the body of a verdict on the lead, with some fields changed."""
        occurred_at = iso(self.now + timedelta(seconds=occurred_after))
        summary = self.lead.summary or summary_of("no_answer", self.lead.name)
        return {**agent.lead_processed(self.lead), "summary": summary, "occurred_at": occurred_at, **changes}

    def send(self, body: Mapping[str, Any], *, after: float = 0.0) -> None:
        """Send one more delivery to the webhooks for `lead.processed`, `after` seconds from now."""
        at = self.now + timedelta(seconds=after)
        lead = self.lead
        announce(self.session, lead.account_id, "lead.processed", body, at, traceparent=lead.traceparent)


@dataclass(frozen=True)
class Scenario:
    """One scenario. `does` and `ends` are shown to people, `as_json` is for programs."""

    name: str
    does: str
    """What ALC does, in whole sentences."""
    ends: str
    """The end state of a correct app, in whole sentences."""
    status: str | None
    """The status of the record in the CRM at the end; None if it has none."""
    play: Callable[[ScenarioContext], None] = ScenarioContext.decide
    """Called with the lead when it arrives."""
    person: tuple[Step, ...] = ("send",)
    """What the person does after the start; `connect` is skipped if there is a connection."""
    faults: tuple[FaultSpec, ...] = ()
    """Faults of requests are set at the start, and those of deliveries when the lead arrives."""
    leads: int = 1
    """How many leads ALC has at the end: at most one for each click."""
    delivers_to_deleted_webhook: bool = False
    """Whether deleting the webhook decides the lead, and the verdict is still sent to the deleted webhook."""
    at_start: str = ""
    """Done once at the start: `revoke_tokens`, `expire_webhooks`, or nothing."""

    @property
    def suits_receiver_alone(self) -> bool:
        """Whether a receiver of webhooks can play it without a client that connects, sends anew or asks ALC."""
        asks_a_client = self.person != ("send",) or self.at_start or any("route" in fault for fault in self.faults)
        return self.status in DECIDED and not asks_a_client

    def as_json(self) -> dict[str, Any]:
        """Return the JSON of the control API."""
        return {
            "name": self.name,
            "does": self.does,
            "ends": self.ends,
            "person": list(self.person),
            "leads": self.leads,
            "crm_status": self.status,
            "receiver_alone": self.suits_receiver_alone,
        }
