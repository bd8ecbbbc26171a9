"""The server function: send the lead to ALC, and mark the record as "Pending". Usage 8-10.

The tutorial's `send-to-alc.server.ts`.
"""

import logging

from alc_app.attio import AttioConnectionExpiredError, AttioError
from alc_app.attio.host.context import step
from alc_app.attio.server import get_workspace_connection, server_function
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcError, AlcRefused, AlcUnreachable
from alc_app.clients.alc_models import Lead
from alc_app.leads import record_sync, sends
from alc_app.leads.record_sync import sync_record, write_claimed
from alc_app.leads.sends import Send

GIVEN_UP = "This send was cancelled before it started. Please try again."
log = logging.getLogger(__name__)


# TUTORIAL: it sends with each click. Here the intent is written before anything is sent, and its id is ALC's
# idempotency key. A second click joins the first. [lab double-click]
@server_function(idempotency_key=lambda record_id, *_: sends.open_send(record_id).run_key)
def send_to_alc(record_id: str, name: str, phone_number: str) -> dict[str, object]:
    """Send the person to ALC and mark the record as "Pending".

    Returns ALC's id of the lead, whether the record shows its status yet, and `why` it cannot, if Attio refuses it:
    `{"id": …, "shown": …}`.
    Raises: AlcRefused, AlcUnreachable, AlcBusy, AlcAnswerLost; Attio's own errors when there is no usable connection.
    """
    send = sends.claim_for_send(record_id, name, phone_number)
    if send is None:
        raise AlcRefused(GIVEN_UP)
    alc_lead_id = send.alc_lead_id
    if alc_lead_id:  # sent before, and pending at ALC; without a connection no verdict would arrive
        get_workspace_connection()
        sync_record(send.record_id)
    else:
        alc_lead_id = _deliver(send)
    shown = record_sync.read_shown(send.record_id)
    return {"id": alc_lead_id, "shown": shown.shown} | ({"why": shown.why} if shown.why else {})  # Usage 10


def resolve_send(lead_id: str) -> None:
    """Finish a send that ALC has not answered as it should, or whose process died. It is due again if ALC is away.

    TUTORIAL: it resumes no send. It shows an error, and the next click starts a second chat. [lab answer-lost]
    """
    send = sends.claim_to_resolve(lead_id)
    if send is None:
        return
    try:
        if send.may_resend:
            _deliver(send)
        else:
            _ask(send)
    except (AlcError, AttioError) as error:
        log.warning("The lead %s is not sent yet: %s", lead_id, error.message, extra={"lead_id": lead_id})


def _deliver(send: Send) -> str:
    """Have ALC take the lead, and show it on the record. Returns ALC's id of it. Raises: AlcError, AttioError.

    TUTORIAL: it takes every error for a send that failed. Here a refusal ends the send, and a lost answer leaves it
    open until ALC has said whether it has the lead. [lab answer-lost]
    """
    ids = {"lead_id": send.id, "record_id": send.record_id}
    log.info("Sent the record %s to ALC as the lead %s.", send.record_id, send.id, extra=ids)
    try:
        lead = post_or_find(send)
    except (AlcAnswerLost, AttioConnectionExpiredError) as error:
        # ALC may have the lead: the intent stays open, and its key makes sure that nothing is sent twice.
        sends.retry_later(send.id, error.message, resend=isinstance(error, AlcAnswerLost))
        raise
    except AlcBusy as error:
        sends.retry_later(send.id, error.message, error.retry_after, resend=True)
        raise
    except AlcError as error:
        goes_on = sends.mark_not_sent(send.id, error.message, may_pass=isinstance(error, AlcUnreachable))
        if goes_on and isinstance(error, AlcUnreachable):
            raise AlcBusy(error.message) from error
        raise
    except AttioError as error:  # there was no connection to call ALC with
        sends.mark_not_sent(send.id, error.message, answered=False)
        raise
    _store(send, lead)
    return lead.id


def post_or_find(send: Send) -> Lead:
    """POST the lead; if the answer is lost, ask ALC whether it has the lead (C2). Raises: AlcError, AttioError.

    TUTORIAL: it sends no idempotency key, so a POST that is sent again starts a second chat. [lab answer-lost]
    """
    try:
        return _post(send.id, send.alc_record_id, send.name or "", send.phone_number or "")  # Usage 8
    except AlcAnswerLost:
        try:
            lead = alc_api.find_lead(get_workspace_connection(), idempotency_key=send.id)
        except (AlcError, AttioError):
            lead = None  # this cannot be found out now either
        if lead is None:
            raise
        return lead


# TUTORIAL: it forgets the lead if its process is killed after the POST. Here the outcome of each step is stored, and
# another worker resumes the run. [lab killed-between-two-writes]
@step
def _post(lead_id: str, record_id: str, name: str, phone_number: str) -> Lead:
    # Get the authorization token from the workspace connection
    # that the user has set up in their Attio account.
    connection = get_workspace_connection()
    if not sends.record_post_attempt(lead_id):
        raise AlcRefused(GIVEN_UP)
    return alc_api.create_lead(connection, record_id, name, phone_number, idempotency_key=lead_id)


def _ask(send: Send) -> None:
    """Ask ALC whether it has a lead that is not sent again by itself. Raises: AlcError, AttioError.

    TUTORIAL: it never asks ALC what became of a send. [lab answer-lost]
    """
    try:
        lead = alc_api.find_lead(get_workspace_connection(), idempotency_key=send.id)
    except (AlcError, AttioError) as error:
        sends.retry_later(send.id, error.message, error.retry_after)
        raise
    if lead is None:
        sends.mark_never_received(send.id)
    else:
        _store(send, lead)


def _store(send: Send, lead: Lead) -> None:
    """Store that ALC has the lead, and show it on the record. Usage 9.

    TUTORIAL: it writes the lead's id alone. Its text says “Pending”, and its code never writes it.
    [story under_way_shown]

    TUTORIAL: it writes what has just happened, so a late “Pending” would replace a result. Here the record shows what
    the rows say. [lab webhook-before-pending]
    """
    claimed = sends.mark_sent(send.id, lead.id)
    ids = {"lead_id": send.id, "record_id": send.record_id, "alc_lead_id": lead.id}
    log.info("ALC has the lead %s, and calls it %s.", send.id, lead.id, extra=ids)
    write_claimed(claimed)
