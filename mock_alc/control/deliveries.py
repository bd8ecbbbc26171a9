"""`/_mock/deliveries`: list deliveries with their attempts, and send one again."""

from flask import request
from flask.typing import ResponseReturnValue

from mock_alc.base.bodies import page_limit
from mock_alc.base.errors import ApiError, invalid, not_found
from mock_alc.base.paging import LARGEST_PAGE
from mock_alc.control.blueprint import control_api
from mock_alc.services import alc
from mock_alc.webhooks.outbox import STATES, Delivery, attempts_of, find_deliveries, resend
from mock_alc.webhooks.registrations import Webhook

FILTERS = ("lead_id", "event", "webhook_id", "state")
PAGE = 100


@control_api.get("/deliveries")
def list_deliveries() -> ResponseReturnValue:
    """List deliveries with their attempts, oldest first; `next_after` is null on the last page."""
    filters = _filters()
    limit = page_limit(PAGE, LARGEST_PAGE)
    with alc().database.read() as session:
        after = session.get(Delivery, request.args["after"]) if "after" in request.args else None
        if "after" in request.args and after is None:
            raise not_found("delivery")
        found = find_deliveries(session, limit=limit + 1, after=after, **filters)
        page = found[:limit]
        attempts = attempts_of(session, [delivery.id for delivery in page])
        urls = {delivery.id: session.get_one(Webhook, delivery.webhook_id).url for delivery in page}
    return {
        "deliveries": [
            {
                **delivery.as_json(),
                "url": urls[delivery.id],
                "attempts": [attempt.as_json() for attempt in attempts[delivery.id]],
            }
            for delivery in page
        ],
        "next_after": page[-1].id if found[limit:] else None,
    }


def _filters() -> dict[str, str]:
    """Return the filters of the query; raises ApiError 422 for unknown ones, which would otherwise be ignored."""
    known = (*FILTERS, "limit", "after")
    problems = {name: f"The filters are: {', '.join(known)}." for name in sorted(set(request.args) - set(known))}
    if request.args.get("state", STATES[0]) not in STATES:
        problems["state"] = f"This parameter must be one of: {', '.join(STATES)}."
    if problems:
        raise invalid(problems)
    return {name: request.args[name] for name in FILTERS if name in request.args}


@control_api.post("/deliveries/<delivery_id>/resend")
def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a past delivery again, under the same id."""
    with alc().database.write() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            raise not_found("delivery")
        if not resend(session, delivery, alc().now()):
            raise ApiError(409, "webhook_not_active", "The webhook of this delivery is no longer active.")
    alc().worker.wake()
    return {"delivery_id": delivery_id}, 202
