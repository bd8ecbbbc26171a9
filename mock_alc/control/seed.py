"""`/_mock/seed`: create leads and webhooks directly; nothing is delivered for them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from mock_alc.api.leads import checked_lead
from mock_alc.api.webhooks import check_webhook
from mock_alc.base.accounts import DEMO_ACCOUNT, find_or_make_account
from mock_alc.base.bodies import json_body
from mock_alc.base.errors import ApiError, invalid
from mock_alc.control.blueprint import control_api
from mock_alc.double.control.guard import refuse_unknown
from mock_alc.leads import agent, leads
from mock_alc.leads.conversations import OUTCOMES
from mock_alc.services import alc
from mock_alc.signing.standard_webhooks import new_secret
from mock_alc.webhooks import registrations

FIELDS = {
    "leads": ("recordId", "name", "phoneNumber", "interest", "account"),
    "webhooks": ("name", "url", "event", "secret", "expires_in", "account"),
}
"""What a seed has, and the fields of each."""


@control_api.post("/seed")
def seed() -> ResponseReturnValue:
    """Create leads and webhooks, all or none. Each has the fields of the public API, and optionally an `account`."""
    body = json_body()
    refuse_unknown(body, FIELDS)
    wanted = {kind: _rows(kind, rows) for kind, rows in body.items()}
    try:
        with alc().database.write() as session:
            made = {
                "leads": [_lead(session, row) for row in wanted.get("leads", [])],
                "webhooks": [_webhook(session, row) for row in wanted.get("webhooks", [])],
            }
    except IntegrityError as error:
        raise ApiError(409, "webhook_exists", "Two webhooks have the same name, url and event.") from error
    alc().worker.wake()
    return made, 201


def _rows(kind: str, rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid({kind: "This field must be a list of objects."})
    for number, row in enumerate(rows):
        refuse_unknown(row, FIELDS[kind], where=f"{kind}[{number}].")
    return rows


def _lead(session: Session, row: Mapping[str, Any]) -> dict[str, Any]:
    """Create a lead; with an `interest`, it is decided already."""
    now, interest = alc().now(), row.get("interest")
    if interest not in (None, *OUTCOMES):
        raise invalid({"interest": f"This field must be one of: {', '.join(OUTCOMES)}."})
    lead = leads.add_lead(
        session, account_id=_account(session, row), idempotency_key=None, now=now, traceparent=g.traceparent,
        decide_at=now + timedelta(seconds=alc().config.decide_after), **checked_lead(row),
    )  # fmt: skip
    if interest:
        for name, value in agent.decision_values(lead, now, interest=interest).items():
            setattr(lead, name, value)
        session.add(lead)
    return lead.as_json(now)


def _webhook(session: Session, row: Mapping[str, Any]) -> dict[str, Any]:
    check_webhook(row)
    now, secret, life = alc().now(), row.get("secret") or new_secret(), row.get("expires_in")
    webhook = registrations.register(
        session, alc().sealer, account_id=_account(session, row), name=row["name"], url=row["url"],
        event=row["event"], secret=secret, expires_at=now + timedelta(seconds=life) if life else None, now=now,
    )  # fmt: skip
    return {**webhook.as_json(now), "secret": secret}


def _account(session: Session, row: Mapping[str, Any]) -> str:
    return find_or_make_account(session, str(row.get("account") or DEMO_ACCOUNT)).id
