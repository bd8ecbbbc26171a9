"""ALC calls the workflow's webhook: a verdict on one of our leads starts a run."""

from alc_app.attio import Request
from alc_app.attio.http import BadRequest
from alc_app.attio.workflows import NoOp, Outcome, TriggerMetadata
from alc_app.blocks import workflow_waits
from alc_app.blocks.lead_processed.block import Config
from alc_app.blocks.outcomes import outcome_of
from alc_app.clients.alc_events import LeadProcessed


def trigger(req: Request, *, config: Config, metadata: TriggerMetadata) -> Outcome | NoOp:
    """Return the outcome of the verdict; NoOp for a lead that is not ours (R12). Raises: BadRequest."""
    del config, metadata
    body = req.json()
    if not isinstance(body, dict):
        raise BadRequest("The body must be an object.")
    if body.get("event") != "lead.processed":
        return NoOp()
    event = LeadProcessed.parse(body)
    record_id = workflow_waits.record_of(event.lead_id, event.record_id)
    if record_id is None:
        return NoOp()
    found = {"record_id": record_id, "lead_id": event.lead_id, "summary": event.summary}
    # Both fields are optional. A verdict without a time is identified by its delivery.
    key = f"{event.lead_id or record_id} {event.occurred_at}" if event.occurred_at else ""
    return outcome_of(event.status, event.interest, found, unique_key=key)
