"""ALC calls back: a chat has revealed a better name or email address of a person. Seeds 000 and 001.

Their `webhooks/prospect-updated.webhook.ts`. The connector has read the request (alc_app/connectors/alc.py), and the
runtime has verified, stored and answered it; what follows runs durably on the worker.

TUTORIAL: it verifies nothing, so anyone who knows the address can change a person. Here the runtime has verified the
signature before this file runs. [lab forged-signature]
"""

import logging

from alc_app.attio import Request, Response
from alc_app.clients import attio_api
from alc_app.clients.alc_api import AlcAnswerLost
from alc_app.clients.alc_events import Prospect, ProspectUpdated
from alc_app.clients.attio_api import AttioRefused, Forbidden, NotFound
from alc_app.leads import sends
from alc_app.settings.values import add_unknown_prospects

UNKNOWN_YET = "This may be a lead of this app, whose id ALC has not sent yet."
log = logging.getLogger(__name__)


def prospect_updated(req: Request) -> Response:
    """Show on the person what ALC has learned. Raises: AttioApiError, AlcAnswerLost.

    After these the delivery is retried later.
    """
    # TUTORIAL: it reads every body as this event. Here the body is checked, and an event that this version does not
    # know is acknowledged and ignored. [step later-10]
    body = req.json()
    if not isinstance(body, dict):
        return Response("Bad Request: the body must be an object.", status=400)
    if isinstance(event := body.get("event"), str) and event != "prospect_updated":
        return Response(None, status=200)  # an event that this version does not know is not an error (R11)
    prospect = ProspectUpdated.parse(body).data

    record_id = sends.record_of(prospect.id)
    if record_id is None and sends.is_any_unanswered():
        raise AlcAnswerLost(UNKNOWN_YET)
    try:
        if record_id is None:
            if add_unknown_prospects():
                _assert_person(prospect)
        else:
            _update_person(record_id, prospect)
    except NotFound:
        log.info("The record %s no longer exists, so there is nothing to update.", record_id)
    except Forbidden:  # not a refusal of what we say: a permission can be given, and the delivery is retried
        raise
    # TUTORIAL: it answers 500 to whatever fails, and ALC sends again what no retry can repair. [step later-10]
    except AttioRefused as error:
        log.warning("Attio does not accept ALC's data for the prospect %s: %s", prospect.id, error.message)
        return Response("Attio does not accept it.", status=422)  # the delivery becomes a dead letter
    return Response(None, status=200)


def _assert_person(prospect: Prospect) -> None:
    """Update the person with this email address, or create one.

    TUTORIAL: it sends `matching_attributes`, no `values`, and `email` and `full_name` alone. The real Attio takes none
    of these. [docs rest-api/endpoint-reference/records]
    """
    first, last = _split_name(prospect.name)
    name = {"first_name": first or last, "last_name": last if first else "", "full_name": prospect.name.strip()}
    address = {"email_address": prospect.email}
    attio_api.assert_record("people", "email_addresses", {"name": name, "email_addresses": [address]})


def _update_person(record_id: str, prospect: Prospect) -> None:
    """Update the person whose record we know.

    TUTORIAL: it searches by email address alone, so a new address makes a second person.
    [docs rest-api/endpoint-reference/records]
    """
    first, last = _split_name(prospect.name)
    name = f"{last}, {first}" if first else last
    attio_api.update_record("people", record_id, {"name": name, "email_addresses": [prospect.email]})


def _split_name(name: str) -> tuple[str, str]:
    """Split a full name into everything before the last word, and the last word."""
    first, _, last = name.strip().rpartition(" ")
    return first, last
