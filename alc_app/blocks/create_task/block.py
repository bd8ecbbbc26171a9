"""Step block: create a task about a person in Attio."""

from alc_app.attio.workflows import ConfigSchema, define_workflow_block


class Config(ConfigSchema):
    """The person, and the text of the task."""

    record_id: str
    content: str


block = define_workflow_block(
    type="step",
    id="create-task",
    title="Create task",
    description="Creates a task in Attio, linked to the person.",
    config_schema=Config,
    outcomes={"created": "Created"},
)
