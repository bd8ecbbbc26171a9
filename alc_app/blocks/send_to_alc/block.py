"""Step block: send a person to ALC, and continue when ALC has come to a verdict."""

from datetime import timedelta

from alc_app.attio.workflows import ConfigSchema, define_workflow_block
from alc_app.blocks.outcomes import LEAD_OUTCOMES


class Config(ConfigSchema):
    """The person to send, and how long to wait."""

    record_id: str
    give_up_after: timedelta | None = None
    """Without a verdict the step ends as "failed" after this time. None: after the time of the workspace settings."""


block = define_workflow_block(
    type="step",
    id="send-to-alc",
    title="Send to ALC and wait",
    description="ALC's agent chats with the person by SMS. The workflow continues with the result.",
    config_schema=Config,
    outcomes=LEAD_OUTCOMES,
)
