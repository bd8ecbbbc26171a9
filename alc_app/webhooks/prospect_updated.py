"""ALC calls back: a chat has told a better name or address of somebody. Seeds 000 and 001.

Their `webhooks/prospect-updated.webhook.ts`. The connector has read the request (alc_app/connectors/alc.py), and the
runtime has verified, stored and answered it; what follows runs durably on the worker.

TUTORIAL: the seeds say `matching_attributes`, send values without `values`, and `email` and `full_name` alone, none of
which the real Attio takes (docs.attio.com/rest-api/endpoint-reference/records). They verify nothing, and answer 500 to
what no retry can mend.
"""

import logging

from alc_app.attio import Request, Response
from alc_app.clients import attio_api
from alc_app.clients.alc_events import Prospect, ProspectUpdated
from alc_app.clients.attio_api import AttioRefused, NotFound
from alc_app.leads import transitions

log = logging.getLogger(__name__)


def prospect_updated(req: Request) -> Response:
    """Show on the person what ALC has learned. Raises: AttioApiError, after which it is run again later."""
    body = req.json()
    if not isinstance(body, dict):
        return Response("Bad Request: the body must be an object.", status=400)
    if isinstance(event := body.get("event"), str) and event != "prospect_updated":
        return Response(None, status=200)  # what this version does not know is not an error (bar R11)
    prospect = ProspectUpdated.parse(body).data

    record_id = transitions.record_of(prospect.id)
    try:
        if record_id is None:
            _assert_person(prospect)
        else:
            _update_person(record_id, prospect)
    except NotFound:
        log.info("The record %s is gone, so there is nobody to update.", record_id)
    except AttioRefused as error:
        log.warning("Attio does not take what ALC learned of the prospect %s: %s", prospect.id, error.message)
        return Response("Attio does not take it.", status=422)  # a dead letter
    return Response(None, status=200)


def _assert_person(prospect: Prospect) -> None:
    """The person with this address is updated, or created if it doesn't exist."""
    first, last = _split(prospect.name)
    name = {"first_name": first or last, "last_name": last if first else "", "full_name": prospect.name.strip()}
    address = {"email_address": prospect.email}
    attio_api.assert_record("people", "email_addresses", {"name": name, "email_addresses": [address]})


def _update_person(record_id: str, prospect: Prospect) -> None:
    """TUTORIAL: it looks for the address alone, so that a new address makes a second person. We know the record."""
    first, last = _split(prospect.name)
    name = f"{last}, {first}" if first else last
    attio_api.update_record("people", record_id, {"name": name, "email_addresses": [prospect.email]})


def _split(name: str) -> tuple[str, str]:
    """What stands before the last word of a name, and that word."""
    first, _, last = name.strip().rpartition(" ")
    return first, last
