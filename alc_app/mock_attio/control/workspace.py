"""`/_mock/reset`, `/_mock/seed` and `/_mock/state`: begin anew, add the demo's data, and count what there is."""

from collections import Counter

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlmodel import col, func, select

from alc_app.mock_attio.control.blueprint import control_api
from alc_app.mock_attio.seed.crowd import MOST, add_crowd
from alc_app.mock_attio.seed.seed import add_demo, reset
from alc_app.mock_attio.store.request_bodies import Body, parse, read_json
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import CrmObject, Record
from alc_app.mock_attio.store.webhook_outbox import all_webhooks, waiting_messages
from alc_app.mock_attio.store.webhook_tables import status_of
from mock_alc.double.control.guard import refuse_unknown


class Seed(Body):
    """The body of `/_mock/seed`: how many made-up people to add to those of the demo."""

    people: int = Field(default=0, ge=0, le=MOST)


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
    """Add the demo's people and companies unless they are there, and `people` made-up ones; no webhook is called."""
    body = read_json(request) if request.get_data() else {}
    refuse_unknown(body, ("people",))
    count = parse(Seed, body, path=()).people
    with services().database.writing() as session:
        seeded = add_demo(session, services().config.status_type)
        add_crowd(session, count)
    return {"seeded": seeded, "people": count}, 201


@control_api.get("/state")
def state() -> ResponseReturnValue:
    """Count records by object, deliveries by state and webhooks by status; `idle` if no work is left."""
    now = services().clock().timestamp()
    with services().database.reading() as session:
        of_object = col(Record.object_id) == col(CrmObject.object_id)
        counted = select(CrmObject.api_slug, func.count(col(Record.number))).outerjoin(Record, of_object)
        records = dict(session.exec(counted.group_by(col(CrmObject.api_slug))).all())
        deliveries = services().deliveries.listed(waiting_messages(session))
        webhooks = [status_of(webhook, now) for webhook in all_webhooks(session)]
    return {
        "records": records,
        "deliveries": Counter(one["state"] for one in deliveries),
        "webhooks": Counter(webhooks),
        "idle": services().time.is_idle(),
    }
