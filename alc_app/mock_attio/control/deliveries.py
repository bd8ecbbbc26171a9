"""`/_mock/deliveries`: list the messages to webhooks with their attempts, and send one again."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from alc_app.mock_attio.control.blueprint import control_api
from alc_app.mock_attio.store.deliveries import STATES
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.webhook_outbox import resend, waiting_messages
from mock_alc.base.errors import ApiError, invalid

FILTERS = ("event", "webhook_id", "state")


@control_api.get("/deliveries")
def list_deliveries() -> ResponseReturnValue:
    """List the latest messages, oldest first; the filters are `event`, `webhook_id` and `state`."""
    problems = {name: f"The filters are: {', '.join(FILTERS)}." for name in sorted(set(request.args) - set(FILTERS))}
    if request.args.get("state", STATES[0]) not in STATES:
        problems["state"] = f"This parameter must be one of: {', '.join(STATES)}."
    if problems:
        raise invalid(problems)
    wanted = request.args.to_dict().items()
    return {"deliveries": [one for one in _all() if all(one[name] == value for name, value in wanted)]}


@control_api.post("/deliveries/<delivery_id>/resend")
def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a message again, under the same id."""
    found = next((one for one in _all() if one["id"] == delivery_id), None)
    if found is None:
        raise ApiError(404, "not_found", f"There is no delivery {delivery_id}. The latest are at /_mock/deliveries.")
    with services().database.writing() as session:
        if not resend(session, found["id"], found["webhook_id"], found["body"], services().clock()):
            raise ApiError(409, "webhook_not_active", "The webhook of this delivery is deleted or inactive.")
    return {"delivery_id": delivery_id}, 202


def _all() -> list[dict[str, Any]]:
    with services().database.reading() as session:
        return services().deliveries.listed(waiting_messages(session))
