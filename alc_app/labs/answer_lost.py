"""Lab 6: ALC accepts the lead, and its response is lost."""

from alc_app.labs.driver import Driver
from alc_app.labs.naive.send_to_alc_server import send_to_alc
from alc_app.labs.scenario import Scenario
from alc_app.pages import Choice, Lab
from alc_app.send_to_alc_server import post_or_find

LAB = Lab(
    name="answer-lost",
    title="Answer lost after ALC accepted",
    fault="ALC accepts the lead and starts the chat. The connection breaks before its answer is through. If the screen "
    "says “Please try again”, the person at it does.",
    question="How many SMS chats does the tutorial’s code start with the person?",
    choices=[
        Choice("one", "One chat.", good=True),
        Choice("two", "Two: the app says “Please try again”, although the first one runs."),
        Choice("unknown", "One, and nobody here knows of it."),
    ],
    quote='await alert({title: "Failed to send to ALC", text: "Please try again."})',
    quoted_from="send-to-alc-record-action.ts",
    why={
        "naive": "A lost answer looks like a refusal to it. Trying again is a new POST, and a new chat.",
        "ours": "An answer that is lost is a kind of its own: nobody knows. ALC is asked for the intent’s "
        "idempotency key, and says whether it has the lead; a new click would use the same key.",
    },
    requirements=["C2"],
)


def run(driver: Driver) -> str:
    """Cut ALC's response off, and click again if the screen says so."""
    person = driver.create_person("Answer Lost")
    driver.break_alc(route="POST /api/v1/leads", trouble="drop", effect="done", match={"recordId": person})
    driver.report("The next answer of ALC about this person will be cut off.")
    if "try again" in driver.click(person):
        driver.click(person)
    chats, status = driver.list_leads(person), driver.attio.get_status(person)
    driver.observe("SMS chats at ALC", len(chats), good=len(chats) == 1)
    driver.observe("The record says", status or "nothing", good=bool(status))
    if len(chats) > 1:
        return "two"
    return "one" if status else "unknown"


scenario = Scenario(LAB, run, naive=[send_to_alc], ours=[post_or_find])
