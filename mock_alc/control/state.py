"""`/_mock/state` and `/_mock/reset`: count what the mock holds, and start over."""

from collections import Counter

from flask.typing import ResponseReturnValue
from sqlmodel import col, func, select

from mock_alc.control.blueprint import control_api
from mock_alc.leads.leads import Lead
from mock_alc.oauth.tables import Client
from mock_alc.services import alc
from mock_alc.webhooks.outbox import Delivery
from mock_alc.webhooks.registrations import count_deleted, registered


@control_api.post("/reset")
def reset() -> ResponseReturnValue:
    """Cancel all work, and return to the state after a first start."""
    alc().reset()
    return {"status": "reset"}


@control_api.get("/state")
def state() -> ResponseReturnValue:
    """Count leads, deliveries and webhooks by status; `requests` is the number of the last request."""
    now = alc().now()
    with alc().database.read() as session:
        leads = dict(session.exec(select(Lead.status, func.count()).group_by(col(Lead.status))).all())
        deliveries = dict(session.exec(select(Delivery.state, func.count()).group_by(col(Delivery.state))).all())
        webhooks = Counter(webhook.status(now) for webhook in registered(session))
        webhooks["deleted"] = count_deleted(session)
        clients = list(session.exec(select(Client.client_id)))
    return {
        "leads": leads,
        "deliveries": deliveries,
        "webhooks": +webhooks,  # without zeros
        "clients": clients,
        "requests": alc().received.last,
        "idle": alc().time.is_idle(),
    }
