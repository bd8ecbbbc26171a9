"""Step block: wait for some time, then continue."""

from datetime import timedelta

from alc_app.attio.workflows import ConfigSchema, define_workflow_block


class Config(ConfigSchema):
    """How long to wait."""

    duration: timedelta


block = define_workflow_block(
    type="step",
    id="delay",
    title="Delay",
    description="Waits, then continues.",
    config_schema=Config,
    outcomes={"done": "Afterwards"},
)
