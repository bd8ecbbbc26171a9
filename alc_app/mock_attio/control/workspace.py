"""`/_mock/reset`, `/_mock/seed` and `/_mock/state`: begin anew, add the demo's data, and count what there is."""

from collections import Counter

from flask.typing import ResponseReturnValue
from sqlmodel import col, func, select

from alc_app.mock_attio.control.blueprint import control_api
from alc_app.mock_attio.seed.seed import add_demo, reset
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import CrmObject, Record
from alc_app.mock_attio.store.webhook_outbox import waiting_messages
from alc_app.mock_attio.store.webhook_tables import Webhook


@control_api.post("/reset")
def reset_all() -> ResponseReturnValue:
    """Return to the state after a first start: data, tokens, webhooks, faults and time."""
    services().faults.clear()  # releases what they delay
    with services().sender.paused():
        services().forget()
        with services().database.writing() as session:
            reset(session, services().config.status_type, demo=services().config.seeded)
    return {"status": "reset"}


@control_api.post("/seed")
def seed() -> ResponseReturnValue:
    """Add the people and companies of the demo, unless they are there; no webhook is called for them."""
    with services().database.writing() as session:
        return {"seeded": add_demo(session, services().config.status_type)}, 201


@control_api.get("/state")
def state() -> ResponseReturnValue:
    """Count records by object, deliveries by state and webhooks by status; `idle` if no work is left."""
    now = services().clock().timestamp()
    with services().database.reading() as session:
        of_object = col(Record.object_id) == col(CrmObject.object_id)
        counted = select(CrmObject.api_slug, func.count(col(Record.number))).outerjoin(Record, of_object)
        records = dict(session.exec(counted.group_by(col(CrmObject.api_slug))).all())
        deliveries = services().deliveries.listed(waiting_messages(session))
        webhooks = [webhook.status(now) for webhook in session.exec(select(Webhook))]
    return {
        "records": records,
        "deliveries": Counter(one["state"] for one in deliveries),
        "webhooks": Counter(webhooks),
        "idle": services().time.is_idle(),
    }
