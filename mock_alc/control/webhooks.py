"""`/_mock/webhooks/disable`: disable what listens, as ALC does after days of nothing but failures."""

from flask.typing import ResponseReturnValue

from mock_alc.control.blueprint import control_api
from mock_alc.services import alc
from mock_alc.webhooks.outbox import cancel_pending
from mock_alc.webhooks.registrations import FAILED_FOR_DAYS, disable, registered


@control_api.post("/webhooks/disable")
def disable_webhooks() -> ResponseReturnValue:
    """Disable every active webhook and cancel what waits for it. Returns the ids."""
    now = alc().now()
    with alc().database.write() as session:
        active = [webhook for webhook in registered(session) if webhook.status(now) == "active"]
        for webhook in active:
            disable(webhook, now, FAILED_FOR_DAYS)
            session.add(webhook)
            cancel_pending(session, webhook.id)
        return {"disabled": [webhook.id for webhook in active]}
