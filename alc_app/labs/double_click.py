"""Lab 1: two clicks at the same moment."""

from alc_app.labs.driver import Driver
from alc_app.labs.naive.send_to_alc_server import send_to_alc
from alc_app.labs.scenario import Scenario
from alc_app.leads import sends, transitions
from alc_app.pages import Choice, Lab

LAB = Lab(
    name="double-click",
    title="Double click",
    fault="Someone presses “Send to ALC” twice. Both clicks run before either has an answer.",
    question="How many SMS chats does the tutorial’s code start with the person?",
    choices=[
        Choice("one", "One chat. The second click joins the first.", good=True),
        Choice("two", "Two chats with the same person, at the same time."),
        Choice("none", "No chat. Both clicks fail."),
    ],
    quote="Server function uses fetch() to send a POST request to api.acmeleadchecker.ai.",
    quoted_from="Usage, step 8",
    why={
        "naive": "Each click sends its own POST. Neither ALC nor the app can see that the second click repeats the "
        "first.",
        "ours": "The app stores the intent as a row before it sends anything, and a unique index allows one open row "
        "per record. The row’s id names the durable run and is ALC’s idempotency key, so the second click "
        "joins the first.",
    },
    requirements=["C1", "C2"],
)


def run(driver: Driver) -> str:
    """Click twice, and count the chats."""
    person = driver.create_person("Double Click")
    driver.click_twice(person)
    chats = len(driver.list_leads(person))
    driver.observe("SMS chats at ALC", chats, good=chats == 1)
    return {0: "none", 1: "one"}.get(chats, "two")


scenario = Scenario(LAB, run, naive=[send_to_alc], ours=[sends.open_send, transitions.begin])
