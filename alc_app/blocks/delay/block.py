"""Step block: wait for a while, and then go on."""

from datetime import timedelta

from alc_app.attio.workflows import ConfigSchema, define_workflow_block


class Config(ConfigSchema):
    """How long."""

    duration: timedelta


block = define_workflow_block(
    type="step",
    id="delay",
    title="Delay",
    description="Waits, and goes on by itself.",
    config_schema=Config,
    outcomes={"done": "Afterwards"},
)
