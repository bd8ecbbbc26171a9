"""The server function: send the lead to ALC, and mark the record as "Pending". Usage 8-10.

The tutorial's `send-to-alc.server.ts`.
"""

import logging

from alc_app.attio import AttioConnectionExpiredError, AttioError, Connection
from alc_app.attio.host.context import step
from alc_app.attio.server import get_workspace_connection, server_function
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcAnswerLost, AlcError, AlcRefused
from alc_app.clients.alc_models import Lead
from alc_app.leads import record_sync, transitions
from alc_app.leads.record_sync import sync_record

GIVEN_UP = "This send was given up before it began. Please try again."
log = logging.getLogger(__name__)


# TUTORIAL: each click sends. Here the intent is written before anything is sent, and its id is ALC's idempotency key.
@server_function(idempotency_key=lambda record_id, *_: transitions.open_send(record_id).run_key)
def send_to_alc(record_id: str, name: str, phone_number: str) -> dict[str, object]:
    """Send the person to ALC and mark the record as "Pending".

    Returns ALC's id of the lead, and whether the record shows its status yet: `{"id": …, "shown": …}`.
    Raises: AlcRefused, AlcUnreachable, AlcAnswerLost; Attio's own errors when there is no usable connection.
    """
    intent = transitions.claim_for_send(record_id)
    if intent is None:
        raise AlcRefused(GIVEN_UP)
    if intent.alc_lead_id:  # sent before, and pending at ALC; without a connection no verdict would arrive
        get_workspace_connection()
        return {"id": intent.alc_lead_id, "shown": record_sync.is_synced(intent.id)}
    ids = {"lead_id": intent.id, "record_id": record_id}
    log.info("The record %s is sent to ALC as the lead %s.", record_id, intent.id, extra=ids)
    try:
        lead = send(intent.id, record_id, name, phone_number)
    except (AlcAnswerLost, AttioConnectionExpiredError):
        transitions.retry_later(intent.id)  # ALC may have the lead: the intent stays open, with its key
        raise
    except AlcError:
        transitions.mark_not_sent(intent.id, refused=1)
        raise
    except AttioError:  # there was no connection to call ALC with
        transitions.mark_not_sent(intent.id)
        raise
    transitions.mark_sent(intent.id, lead.id)
    log.info("ALC has the lead %s, and calls it %s.", intent.id, lead.id, extra={**ids, "alc_lead_id": lead.id})
    sync_record(intent.id)  # Usage 9
    return {"id": lead.id, "shown": record_sync.is_synced(intent.id)}  # Usage 10


def send(intent_id: str, record_id: str, name: str, phone_number: str) -> Lead:
    """POST the lead; if the answer is lost, ask ALC whether it has the lead (C2). Raises: AlcError, AttioError."""
    # Get the authorization token from the workspace connection
    # that the user has set up in their Attio account.
    connection = get_workspace_connection()
    try:
        return _post(connection, record_id, name, phone_number, intent_id)  # Usage 8
    except AlcAnswerLost:
        if lead := _find_lead(connection, intent_id):
            return lead
        raise


@step
def _post(connection: Connection, record_id: str, name: str, phone_number: str, intent_id: str) -> Lead:
    if not transitions.record_post_attempt(intent_id):
        raise AlcRefused(GIVEN_UP)
    return alc_api.create_lead(connection, record_id, name, phone_number, idempotency_key=intent_id)


def _find_lead(connection: Connection, intent_id: str) -> Lead | None:
    try:
        return alc_api.find_lead(connection, idempotency_key=intent_id)
    except (AlcError, AttioError):
        return None  # this cannot be found out now either
