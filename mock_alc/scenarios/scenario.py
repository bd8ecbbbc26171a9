"""What a scenario is: what ALC does, what the person does, and how it ends for an app that is correct."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session

from mock_alc.base.clock import iso
from mock_alc.leads import agent
from mock_alc.leads.leads import Lead
from mock_alc.webhooks.outbox import announce

Step = Literal["send", "connect", "reconnect", "disconnect"]
FaultSpec = Mapping[str, Any]
TEN_YEARS = 3_650 * 86_400.0
"""Seconds: later than anybody waits, virtual time included."""


@dataclass(frozen=True)
class ScenarioContext:
    """What a scenario works with when its lead has come: the lead, in the transaction that takes it, at its instant."""

    session: Session
    lead: Lead
    now: datetime

    def decide(self, *, after: float = 0.0) -> None:
        """Let the agent decide Complete, and tell of it, `after` seconds from now."""
        at = self.now + timedelta(seconds=after)
        agent.decide(self.session, self.lead.id, at, interest="interested", status="Complete")

    def postpone_decision(self, after: float) -> None:
        """Leave the decision to the agent, `after` seconds from now."""
        self.lead.decide_at = self.now + timedelta(seconds=after)
        self.session.add(self.lead)

    def verdict(self, *, occurred_after: float = 0.0, **changes: Any) -> dict[str, Any]:
        """Return the body of a verdict on the lead, with some fields changed."""
        occurred_at = iso(self.now + timedelta(seconds=occurred_after))
        return {**agent.lead_processed(self.lead), "occurred_at": occurred_at, **changes}

    def send(self, body: Mapping[str, Any], *, after: float = 0.0) -> None:
        """Send the webhooks for `lead.processed` one more message, `after` seconds from now."""
        at = self.now + timedelta(seconds=after)
        lead = self.lead
        announce(self.session, lead.account_id, "lead.processed", body, at, traceparent=lead.traceparent)


@dataclass(frozen=True)
class Scenario:
    """One story by its name."""

    name: str
    does: str
    """What ALC does, in whole sentences."""
    ends: str
    """The end state of a correct app, in whole sentences."""
    status: str | None
    """The same for programs: what the CRM says of the person in the end; None when it says nothing."""
    play: Callable[[ScenarioContext], None] = ScenarioContext.decide
    """What happens to the lead, when it comes."""
    person: tuple[Step, ...] = ("send",)
    """What the person does once the scenario has begun; `connect` only where there is no connection."""
    faults: tuple[FaultSpec, ...] = ()
    """Faults of requests come at once, and those of deliveries with the lead."""
    leads: int = 1
    """How many leads ALC has in the end: never two for one click."""
    delivers_to_deleted_webhook: bool = False
    """Whether the lead is decided when its webhook is deleted, and that webhook told of it all the same."""
    at_start: str = ""
    """What happens to the account when the scenario begins: `revoke_tokens`, `expire_webhooks`, or nothing."""

    def as_json(self) -> dict[str, Any]:
        """Spell the scenario as the control door does."""
        shown = {name: getattr(self, name) for name in ("name", "does", "ends", "person", "leads")}
        return json.loads(json.dumps({**shown, "crm_status": self.status}))  # type: ignore[no-any-return]
