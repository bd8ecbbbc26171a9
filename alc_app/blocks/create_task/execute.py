"""Create the task in Attio, once."""

from alc_app.attio.workflows import Error, Outcome, StepMetadata
from alc_app.blocks.create_task.block import Config
from alc_app.clients import attio_tasks
from alc_app.clients.attio_api import AttioApiError, AttioRefused


def execute(*, config: Config, metadata: StepMetadata) -> Outcome | Error:
    """Create the task and return its id. Safe to retry, and an open task with the same text is not created twice."""
    try:
        task_id = attio_tasks.create_task(
            "people",
            config.record_id,
            config.content,
            execution_id=metadata.unique_execution_id,
            since=metadata.started_at,
        )
    except AttioRefused as error:
        return Error(error.message)
    except AttioApiError as error:
        return Error(error.message, retryable=True)
    return Outcome("created", {"task_id": task_id})
