"""Send the person, and defer: the same path, the same intent and the same idempotency as a click on the button.

A lead that is open for the record is joined, whoever has sent it: one click and one workflow are one chat (C1).
"""

from alc_app.attio import AttioError
from alc_app.attio.workflows import Defer, Error, Outcome, StepMetadata
from alc_app.blocks.send_to_alc.block import Config
from alc_app.clients.alc_api import AlcAnswerLost, AlcError, AlcRefused
from alc_app.clients.attio_api import AttioApiError
from alc_app.leads import workflow_waits
from alc_app.record_events.send_requested import read_person
from alc_app.send_to_alc_server import send_to_alc
from alc_app.settings.values import time_to_wait

Result = Outcome | Error | Defer


def execute(*, config: Config, metadata: StepMetadata) -> Result:
    """Send it and wait for the verdict, or say why that came to nothing."""
    try:
        person = read_person(config.record_id)
    except AttioApiError as error:
        return Error(error.message, retryable=True)
    if person is None:
        return _failed(config, "The record is gone.")
    if not person.phone_number:
        return _failed(config, "The person has no phone number.")
    workflow_waits.add_wait(config.record_id, metadata.finish_callback_url)
    try:
        send_to_alc.run(config.record_id, person.name, person.phone_number)
    except AlcAnswerLost:
        pass  # ALC may have it: our row is settled by itself, and the step is told what became of it
    except AlcRefused as error:
        return _failed(config, error.message)
    except (AlcError, AttioError) as error:
        return Error(error.message, retryable=True)
    return Defer(config.give_up_after or time_to_wait(), then=_failed(config, "ALC has come to no verdict in time."))


def _failed(config: Config, why: str) -> Outcome:
    return Outcome("failed", {"record_id": config.record_id, "lead_id": None, "summary": why})
