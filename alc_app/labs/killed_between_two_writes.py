"""Lab 8: kill -9 between the two writes of a send."""

from alc_app import send_to_alc_server
from alc_app.labs.driver import Driver
from alc_app.labs.naive.send_to_alc_server import send_to_alc
from alc_app.labs.scenario import Scenario
from alc_app.pages import Choice, Lab
from alc_app.runtime.context import DurableContext

LAB = Lab(
    name="killed-between-two-writes",
    title="Killed between two writes",
    fault="ALC has accepted the lead. Before the app writes the record, its process is killed: a real kill -9, as in "
    "a power cut. If the screen shows nothing, the user presses again.",
    question="How does it end with the tutorial’s code?",
    choices=[
        Choice("resumed", "One chat, and the record shows it. The work continues where it stopped.", good=True),
        Choice("twice", "Two chats. The app forgets the first one."),
        Choice("forgotten", "One chat, but the record never shows it."),
    ],
    quote='const lead = await response.json() … await fetch(…, {method: "PATCH", …})',
    quoted_from="send-to-alc.server.ts",
    why={
        "naive": "It keeps the lead in a variable, which is lost with the process.",
        "ours": "Each outside call is a step of a durable run. The run continues after the restart. If a step’s "
        "outcome was lost, the app asks again with the same idempotency key.",
    },
    requirements=["C7", "C2", "I1"],
)


def run(driver: Driver) -> str:
    """Kill the process that sends, and click again unless the screen reports success."""
    person = driver.create_person("Killed")
    driver.report("Presses “Send to ALC”, and the process that does the work is killed.")
    message = driver.send_and_kill(person)
    driver.report(f"The screen says: “{message}”" if message else "The screen shows nothing more.")
    if not message.startswith("Successfully"):
        driver.click(person)
    driver.poll(lambda: driver.is_settled(person) or driver.attio.get_status(person), timeout=10)
    chats, status = len(driver.list_leads(person)), driver.attio.get_status(person)
    driver.observe("SMS chats at ALC", chats, good=chats == 1)
    driver.observe("The record says", status or "nothing", good=bool(status))
    if chats > 1:
        return "twice"
    return "resumed" if status else "forgotten"


scenario = Scenario(LAB, run, naive=[send_to_alc], ours=[send_to_alc_server.send_to_alc, DurableContext.step])
