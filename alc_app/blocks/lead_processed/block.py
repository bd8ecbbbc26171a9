"""Trigger block: ALC has come to a verdict on one of our leads, no matter what sent it."""

from alc_app.attio.workflows import ConfigSchema, define_workflow_block
from alc_app.blocks.outcomes import LEAD_OUTCOMES


class Config(ConfigSchema):
    """Nothing to configure: each outcome is a branch."""


block = define_workflow_block(
    type="trigger",
    id="lead-processed",
    title="Lead processed",
    description="Starts when ALC has a result for a person in this workspace.",
    config_schema=Config,
    outcomes=LEAD_OUTCOMES,
)
