"""The lead that the step waits for has ended: take the branch of its outcome."""

from alc_app.attio import Request
from alc_app.attio.workflows import NoOp, Outcome, StepMetadata
from alc_app.blocks import workflow_waits
from alc_app.blocks.outcomes import outcome_of
from alc_app.blocks.send_to_alc.block import Config


def finish(req: Request, *, config: Config, metadata: StepMetadata) -> Outcome | NoOp:
    """Return the outcome of the verdict; NoOp for an older lead, if the person was sent again since."""
    del config
    body = req.json()
    if body.get("event") != "lead.processed" or not workflow_waits.waits_for(
        metadata.finish_callback_url, body["lead_id"]
    ):
        return NoOp()
    found = {"record_id": body["record_id"], "lead_id": body["alc_lead_id"], "summary": body["summary"]}
    return outcome_of(body["status"], body["interest"], found)
