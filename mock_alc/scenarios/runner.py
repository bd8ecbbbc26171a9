"""Runs scenarios: sets their faults, waits for the lead that the person sends, and does what they define."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from mock_alc.base.clock import Clock
from mock_alc.base.database import Database
from mock_alc.double.faults import Faults
from mock_alc.leads.leads import PROCESSING, Lead
from mock_alc.scenarios import SCENARIOS
from mock_alc.scenarios.scenario import Scenario, ScenarioContext
from mock_alc.webhooks.outbox import enqueue
from mock_alc.webhooks.registrations import Webhook

EXPIRE_IN = timedelta(hours=1)
KEPT = 500
AtStart = Callable[[Session, datetime], object]
"""A change to the account when a scenario begins, in its transaction and at its instant."""


class CannotPlay(Exception):
    """The scenario cannot begin; the message is a sentence that says why."""


@dataclass
class Run:
    """A scenario that was begun. Until `lead_id` is set, it waits for the next lead, or the next of `record_id`."""

    id: str
    scenario: Scenario
    record_id: str | None
    lead_id: str | None = None
    fault_ids: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON of the control API."""
        mine = {"id": self.id, "record_id": self.record_id, "lead_id": self.lead_id, "faults": self.fault_ids}
        return {**mine, **self.scenario.as_json()}

    def waits_for(self, lead: Lead) -> bool:
        """Return whether the run waits for this lead."""
        waits = self.lead_id is None and "send" in self.scenario.person
        return waits and self.record_id in (None, lead.record_id)


class ScenarioRunner:
    """The running scenarios of one mock. The one that was begun first gets the next lead."""

    def __init__(self, database: Database, faults: Faults, clock: Clock, revoke_all: AtStart) -> None:
        """Start without any run; `revoke_all` revokes all tokens."""
        self._database, self._faults, self._clock = database, faults, clock
        self._runs: list[Run] = []
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._at_start: dict[str, AtStart] = {
            "revoke_tokens": revoke_all,
            "expire_webhooks": _expire_webhooks,
        }

    def begin(self, name: str, *, record_id: str | None = None, lead_id: str | None = None) -> Run:
        """Begin a scenario for the next lead, the next lead of `record_id`, or the undecided lead `lead_id`.

        Raises CannotPlay if there is no such scenario or lead.
        """
        scenario = SCENARIOS.get(name)
        if scenario is None:
            raise CannotPlay(f"There is no scenario {name}. There are: {', '.join(SCENARIOS)}.")
        with self._database.write() as session:
            lead = self._under_way(session, lead_id) if lead_id else None
            if at_start := self._at_start.get(scenario.at_start):
                at_start(session, self._clock())
            run = Run(f"run_{next(self._numbers)}", scenario, lead.record_id if lead else record_id)
            self._arm(run, "route", {"recordId": run.record_id} if run.record_id else {})
            if lead:
                self._play(session, run, lead)
        with self._lock:
            self._runs = [*self._runs[-KEPT:], run]
        return run

    def runs(self) -> list[Run]:
        """Return the scenarios that were begun, oldest first."""
        with self._lock:
            return list(self._runs)

    def end(self) -> None:
        """End every scenario and remove its faults."""
        with self._lock:
            ended, self._runs = self._runs, []
        for run in ended:
            for fault_id in run.fault_ids:
                self._faults.clear(fault_id)

    def assign_lead(self, session: Session, lead: Lead) -> None:
        """Assign a new lead to the first run that waits for it. Call this in the transaction that creates the lead."""
        run = next((run for run in self.runs() if run.waits_for(lead)), None)
        if run is not None:
            self._play(session, run, lead)

    def webhook_deleted(self, session: Session, webhook: Webhook) -> None:
        """Continue the scenarios that wait for this. Call it in the transaction that deletes the webhook."""
        for run in self.runs():
            lead = session.exec(select(Lead).where(Lead.id == run.lead_id)).one_or_none()
            if not run.scenario.delivers_to_deleted_webhook or lead is None or lead.account_id != webhook.account_id:
                continue
            context, now = ScenarioContext(session, lead, self._clock()), self._clock()
            context.decide()
            enqueue(session, webhook, "lead.processed", context.verdict(), now, traceparent=lead.traceparent)

    def _play(self, session: Session, run: Run, lead: Lead) -> None:
        run.lead_id = lead.id
        self._arm(run, "delivery", {"lead_id": lead.id})
        run.scenario.play(ScenarioContext(session, lead, self._clock()))

    def _arm(self, run: Run, target: str, match: dict[str, str]) -> None:
        for spec in run.scenario.faults:
            if target in spec:
                ours = match if spec.get("route") in (None, "POST /api/v1/leads") else {}
                run.fault_ids.append(self._faults.add({**spec, "match": ours})["id"])

    @staticmethod
    def _under_way(session: Session, lead_id: str) -> Lead:
        lead = session.exec(select(Lead).where(Lead.id == lead_id)).one_or_none()
        if lead is None or lead.status != PROCESSING:
            raise CannotPlay(f"The agent is not working on lead {lead_id}.")
        return lead


def _expire_webhooks(session: Session, now: datetime) -> None:
    living = update(Webhook).where(col(Webhook.deleted_at).is_(None), col(Webhook.disabled_at).is_(None))
    session.execute(living.values(expires_at=now + EXPIRE_IN))
