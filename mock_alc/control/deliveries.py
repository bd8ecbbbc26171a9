"""Deliveries: every one with its attempts, and once more."""

from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from mock_alc.control.door import door
from mock_alc.errors import ApiError, not_found
from mock_alc.outbox import Delivery, attempts_of, resend
from mock_alc.services import alc


@door.get("/deliveries")
def list_deliveries() -> ResponseReturnValue:
    """List every delivery with its attempts, oldest first."""
    with alc().database.read() as session:
        found = list(session.exec(select(Delivery).order_by(col(Delivery.created_at), col(Delivery.id))))
        attempts = attempts_of(session, [delivery.id for delivery in found])
    return {
        "deliveries": [
            {**delivery.as_json(), "attempts": [attempt.as_json() for attempt in attempts[delivery.id]]}
            for delivery in found
        ]
    }


@door.post("/deliveries/<delivery_id>/resend")
def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a past delivery again, under the same id."""
    with alc().database.write() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            raise not_found("delivery")
        if not resend(session, delivery, alc().now()):
            raise ApiError(409, "webhook_not_active", "The webhook of this delivery no longer listens.")
    alc().worker.wake()
    return {"delivery_id": delivery_id}, 202
