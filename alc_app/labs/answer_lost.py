"""Lab 6: ALC accepts the lead, and its response is lost."""

from alc_app.labs.driver import Driver
from alc_app.labs.naive.send_to_alc_server import send_to_alc
from alc_app.labs.scenario import Scenario
from alc_app.pages import Choice, Lab
from alc_app.send_to_alc_server import post_or_find

LAB = Lab(
    name="answer-lost",
    title="Answer lost after ALC accepted",
    fault="ALC accepts the lead and starts the chat, but the connection breaks before its answer arrives. If the "
    "screen says “Please try again”, the user does.",
    question="How many SMS chats does the tutorial’s code start with the person?",
    choices=[
        Choice("one", "One chat.", good=True),
        Choice("two", "Two chats. The app says “Please try again” although the first chat is running."),
        Choice("unknown", "One chat, but the app does not know about it."),
    ],
    quote='await alert({title: "Failed to send to ALC", text: "Please try again."})',
    quoted_from="send-to-alc-record-action.ts",
    why={
        "naive": "It treats a lost answer as a refusal. Trying again is a new POST, which starts a new chat.",
        "ours": "The app treats a lost answer as unknown. It asks ALC for the idempotency key, and ALC says whether "
        "it has the lead. A new click uses the same key.",
    },
    requirements=["C2"],
)


def run(driver: Driver) -> str:
    """Cut ALC's response off, and click again if the screen says so."""
    person = driver.create_person("Answer Lost")
    driver.break_alc(route="POST /api/v1/leads", trouble="drop", effect="done", match={"recordId": person})
    driver.report("ALC’s next answer about this person will be cut off.")
    if "try again" in driver.click(person):
        driver.click(person)
    chats, status = driver.list_leads(person), driver.attio.get_status(person)
    driver.observe("SMS chats at ALC", len(chats), good=len(chats) == 1)
    driver.observe("The record says", status or "nothing", good=bool(status))
    if len(chats) > 1:
        return "two"
    return "one" if status else "unknown"


scenario = Scenario(LAB, run, naive=[send_to_alc], ours=[post_or_find])
