"""Send the person as a click on the button does, with the same idempotency, and defer until the lead has ended.

If the record has an open lead, the step waits for that one: a click and a workflow make one chat (C1).
"""

from alc_app.attio import AttioError
from alc_app.attio.workflows import Defer, Error, Outcome, StepMetadata
from alc_app.blocks import workflow_waits
from alc_app.blocks.send_to_alc.block import Config
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcError, AlcRefused
from alc_app.clients.attio_api import AttioApiError
from alc_app.record_events.send_requested import read_person
from alc_app.send_to_alc_server import send_to_alc
from alc_app.settings.values import time_to_wait

Result = Outcome | Error | Defer


def execute(*, config: Config, metadata: StepMetadata) -> Result:
    """Send the person and wait for the verdict; or end with the outcome "failed" and the reason."""
    try:
        person = read_person(config.record_id)
    except AttioApiError as error:
        return Error(error.message, retryable=True)
    if person is None:
        return _failed(config, "The record no longer exists in the CRM.")
    if not person.phone_number:
        return _failed(config, "The person has no phone number.")
    defer = Defer(config.give_up_after or time_to_wait(), then=_failed(config, "ALC had no result in time."))
    if workflow_waits.add_wait(config.record_id, metadata.finish_callback_url) is None:
        return defer  # executed again after the verdict: the callback is stored
    return _send(config, person.name, person.phone_number) or defer


def _send(config: Config, name: str, phone_number: str) -> Outcome | Error | None:
    """Send the person. Returns why that has failed, or None if the step has to wait."""
    try:
        send_to_alc.run(config.record_id, name, phone_number)
    except (AlcAnswerLost, AlcBusy):
        return None  # ALC may have the lead, or takes it later: `resolve_send` goes on, and the step is called back
    except AlcRefused as error:
        return _failed(config, error.message)
    except (AlcError, AttioError) as error:
        return Error(error.message, retryable=True)
    return None


def _failed(config: Config, why: str) -> Outcome:
    return Outcome("failed", {"record_id": config.record_id, "lead_id": None, "summary": why})
