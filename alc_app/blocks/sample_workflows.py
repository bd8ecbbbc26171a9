"""Three sample workflows. In Attio a user draws a workflow on a canvas; here it is data.

A changed definition is a new version: a run ends by the version that it began with.
"""

from alc_app.attio.host.workflow_definitions import Step, Workflow

RECORD = "{{trigger.record_id}}"
CALL = Step(block="create-task", config={"record_id": RECORD, "content": "Call back: ALC says they are interested."})

qualify = Workflow(
    id="qualify",
    title="Qualify a person",
    description="Sends a person to ALC. If they don't answer, asks again after two days. If they are interested, "
    "creates a task to call them.",
    first="ask",
    steps={
        "ask": Step(
            block="send-to-alc", config={"record_id": RECORD}, then={"interested": "call", "no_answer": "pause"}
        ),
        "pause": Step(block="delay", config={"duration": "P2D"}, then={"done": "ask_again"}),
        "ask_again": Step(block="send-to-alc", config={"record_id": RECORD}, then={"interested": "call"}),
        "call": CALL,
    },
)

follow_up = Workflow(
    id="follow-up",
    title="Follow up on every result",
    description="Runs for everyone sent to ALC. Creates a task to call interested people, and to check failed chats.",
    trigger=Step(block="lead-processed", then={"interested": "call", "failed": "look"}),
    steps={
        "call": CALL,
        "look": Step(
            block="create-task",
            config={"record_id": RECORD, "content": "ALC could not chat with this person. Check the phone number."},
        ),
    },
)

second_chance = Workflow(
    id="second-chance",
    title="A second chance",
    description="Asks people who did not answer again after three days. Runs once per person.",
    trigger=Step(block="lead-processed", then={"no_answer": "pause"}),
    once_per_record=True,
    steps={
        "pause": Step(block="delay", config={"duration": "P3D"}, then={"done": "ask"}),
        "ask": Step(block="send-to-alc", config={"record_id": RECORD}, then={"interested": "call"}),
        "call": CALL,
    },
)
