"""The facts that explain a person's status, collected from our rows, the inbox and the CRM."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from alc_app.leads.models import Lead, RecordSync
from alc_app.pages import Person
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.sign_in.people import Person as User
from alc_app.runtime.storage.tables import Delivery
from alc_app.web.presenters.why.of_record import explanation_of
from tests.support.fakes.workspace import make_person

ADA = make_person(1, "Ada Lovelace", alc_status="Complete")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CLICK, CALL = f"00-{TRACE}-00f067aa0ba902b7-01", f"00-{TRACE}-b7ad6b7169203331-01"
OTHER = CLICK.replace("4bf9", "0000")
RESULT: dict[str, Any] = {"event": "lead.processed", "record_id": ADA.record_id, "status": "Complete"}


def told(services: Services, person: Person | None = ADA) -> str:
    """The paragraph, with each moment as its seconds."""
    sentences = explanation_of(services, ADA.record_id, person).sentences
    return " ".join("".join(str(_seconds(part)) for part in sentence) for sentence in sentences)


def _seconds(part: str | datetime) -> str | float:
    return part if isinstance(part, str) else part.timestamp()


@pytest.fixture
def complete(services: Services) -> None:
    """Ada, whom Robin has sent at 100, with the result of 200 on the record."""
    ids = {"workspace_id": WORKSPACE, "record_id": ADA.record_id}
    sent: dict[str, Any] = {"status": "complete", "created_at": 100.0, "occurred_at": 200.0, "interest": "interested"}
    services.people.save(User("robin", "robin@example.com", "Robin Marsh", "member"))
    with services.database.transaction() as session:
        session.add(
            Lead(
                id="1", alc_record_id=ADA.record_id, alc_lead_id="l", sent_by="robin", traceparent=CLICK, **ids, **sent
            )
        )
        session.add(RecordSync(alc_status="Complete", alc_lead_id="l", version=2, shown_version=2, **ids))


def deliver(services: Services, at: float, traceparent: str, body: object) -> None:
    """Store a webhook delivery."""
    row = Delivery(
        handler_id="h",
        webhook_id=str(at),
        body=json.dumps(body).encode(),
        digest="",
        received_at=at,
        state="done",
        traceparent=traceparent,
    )
    with services.inbox._database.transaction() as session:
        session.add(row)


@pytest.mark.usefixtures("complete")
def test_a_result_is_explained_with_its_sender_its_webhook_and_the_record(services: Services) -> None:
    """The webhook is the one with the result, under the trace of the click; others of the same click are left out."""
    deliver(services, 210.0, OTHER, RESULT)
    deliver(services, 205.0, CALL, RESULT)
    deliver(services, 220.0, CALL, {"event": "prospect_updated", "data": {}})

    assert told(services) == (
        "Robin Marsh sent Ada Lovelace to ALC on 100.0. ALC finished the chat on 200.0: interested. Its webhook "
        "arrived on 205.0. The record shows “Complete”. Nothing more happens unless you send Ada Lovelace again."
    )


@pytest.mark.usefixtures("complete")
def test_a_webhook_whose_body_is_forgotten_is_not_told(services: Services) -> None:
    """It may have been about something else."""
    deliver(services, 205.0, CALL, RESULT)
    with services.inbox._database.transaction() as session:
        session.get_one(Delivery, ("h", "205.0")).body = b""

    assert "webhook" not in told(services)


@pytest.mark.usefixtures("complete")
def test_without_the_crm_it_says_what_was_written(services: Services) -> None:
    """Not what the record shows, which nobody knows now."""
    assert "The app wrote “Complete” to the record. Attio does not answer now." in told(services, None)


def test_somebody_who_was_never_sent_is_explained_too(services: Services) -> None:
    """There are no rows of such a person."""
    unsent = replace(ADA, alc_status=None)

    assert told(services, unsent).startswith("Ada Lovelace has not been sent to ALC. The record shows no status.")
