"""Lab 8: kill -9 between the two writes of a send."""

from alc_app import send_to_alc_server
from alc_app.labs.naive.send_to_alc_server import send_to_alc
from alc_app.labs.script import Script
from alc_app.labs.side import Side
from alc_app.pages import Choice, Lab
from alc_app.runtime.context import DurableContext

LAB = Lab(
    name="killed-between-two-writes",
    title="Killed between two writes",
    fault="ALC has accepted the lead. Before the record is written, the process that does the work is killed: a real "
    "kill -9, as in a power cut. If the screen says nothing any more, the person at it presses again.",
    question="How does it end with the tutorial’s code?",
    choices=[
        Choice("resumed", "One chat, and the record shows it: the work went on where it was.", good=True),
        Choice("twice", "Two chats: nobody remembers the first one."),
        Choice("forgotten", "One chat, and the record never shows it."),
    ],
    quote='const lead = await response.json() … await fetch(…, {method: "PATCH", …})',
    quoted_from="send-to-alc.server.ts",
    why={
        "naive": "What it knows of the lead is in a variable. It dies with the process.",
        "ours": "Each call to the outside is a step of a durable run. The run is taken up after the restart; a step "
        "whose outcome was lost is asked again with the same idempotency key.",
    },
    requirements=["C7", "C2", "I1"],
)


def play(side: Side) -> str:
    """Kill whoever does the work, and do what anybody would do at the screen."""
    person = side.add_person("Killed")
    side.say("Presses “Send to ALC”, and the process that does the work is killed.")
    said = side.send_and_be_killed(person)
    side.say(f"The screen says: “{said}”" if said else "The screen says nothing more.")
    if not said.startswith("Successfully"):
        side.click(person)
    side.comes_true(lambda: side.is_settled(person) or side.crm.says(person), within=10)
    chats, status = len(side.leads(person)), side.crm.says(person)
    side.observe("SMS chats at ALC", chats, good=chats == 1)
    side.observe("The record says", status or "nothing", good=bool(status))
    if chats > 1:
        return "twice"
    return "resumed" if status else "forgotten"


script = Script(LAB, play, naive=[send_to_alc], ours=[send_to_alc_server.send_to_alc, DurableContext.step])
