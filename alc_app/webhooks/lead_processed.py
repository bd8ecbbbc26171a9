"""ALC calls back: the lead has been processed. Later 10-11.

The tutorial's `webhooks/lead-processed.webhook.ts`. What the handler returns before its first step is the answer to
ALC. At the first step the runtime stores the delivery and answers 200; the worker then runs the handler durably.

TUTORIAL: it verifies nothing, so anyone who knows the address can set a status. Here the runtime has verified the
signature before this file runs. [lab forged-signature]
"""

import logging

from alc_app.attio import Request, Response
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads import verdicts
from alc_app.leads.record_sync import write_claimed

log = logging.getLogger(__name__)


def lead_processed(req: Request) -> Response:
    """Store ALC's verdict on a lead and show it on the record. Raises: BadRequest, which becomes a 400."""
    body = req.json()
    if not isinstance(body, dict):
        return Response("Bad Request: the body must be an object.", status=400)

    # TUTORIAL: it takes every delivery for a result. Here an event that this version does not know is acknowledged and
    # ignored (R11). [step later-10]
    kind = body.get("event", "lead.processed")
    if isinstance(kind, str) and kind != "lead.processed":
        return Response(None, status=200)

    record_id = body.get("record_id")
    status = body.get("status")

    if not record_id or not status:
        return Response("Bad Request", status=400)

    # TUTORIAL: it writes whatever status and record id it is sent. Here each field is checked, and the record that is
    # written is the one of our own row for the lead (R10, R12, R13). [story only_verdicts]

    # TUTORIAL: it takes every delivery for the newest. Here the later of two results stays, whichever arrives last.
    # [lab replayed-delivery]
    event = LeadProcessed.parse(body)
    claimed = verdicts.apply_verdict(event)
    ids = {"record_id": event.record_id, "alc_lead_id": event.lead_id}
    log.info("ALC says %s of the record %s.", status, record_id, extra=ids)

    # TUTORIAL: it ignores whether Attio took the write, so a result is lost while Attio is down. Here the write is
    # tried again until the record shows the result. [lab crm-down]

    # Later 11. Nothing is claimed: not our lead, an older verdict, or one that arrived before the answer to our POST.
    write_claimed(claimed)

    return Response(None, status=200)
