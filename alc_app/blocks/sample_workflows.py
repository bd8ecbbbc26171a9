"""Three sample workflows. In Attio a user draws a workflow on a canvas; here it is data.

A changed definition is a new version: a run ends by the version that it began with.
"""

from alc_app.attio.host.workflow_definitions import Step, Workflow

RECORD = "{{trigger.record_id}}"
CALL = Step(block="create-task", config={"record_id": RECORD, "content": "Call back: interested, says ALC."})

qualify = Workflow(
    id="qualify",
    title="Qualify a person",
    description="Sends a person to ALC. Who does not answer is asked once more after two days; who is interested is "
    "to be called.",
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
    title="Follow up on every verdict",
    description="Whoever has sent the person: call who is interested, look into what has failed.",
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
    description="Who did not answer is asked again after three days, once in the life of a record.",
    trigger=Step(block="lead-processed", then={"no_answer": "pause"}),
    once_per_record=True,
    steps={
        "pause": Step(block="delay", config={"duration": "P3D"}, then={"done": "ask"}),
        "ask": Step(block="send-to-alc", config={"record_id": RECORD}, then={"interested": "call"}),
        "call": CALL,
    },
)
