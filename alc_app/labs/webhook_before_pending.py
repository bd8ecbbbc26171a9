"""Lab 2: ALC's verdict arrives before ALC's response to the POST."""

from alc_app.labs.driver import RESPONSE_TIMEOUT, Driver
from alc_app.labs.naive.send_to_alc_server import send_to_alc_and_mark_pending
from alc_app.labs.scenario import Scenario
from alc_app.leads import sends, verdicts
from alc_app.pages import Choice, Lab

DELAY = 9.0
"""Seconds that ALC's response is delayed at most. It must stay below the timeout of both sides' HTTP client."""

LAB = Lab(
    name="webhook-before-pending",
    title="Webhook before Pending",
    fault="ALC is fast: its result arrives at the webhook before the answer to the POST that sent the lead.",
    question="What does the tutorial’s record say in the end?",
    choices=[
        Choice("complete", "Complete, which is the result.", good=True),
        Choice("pending", "Pending. The late write replaces the result, and nothing corrects it."),
        Choice("nothing", "Nothing at all."),
    ],
    quote="Server function calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Pending”.",
    quoted_from="Usage, step 9. The tutorial’s code leaves this out; here it does what its text says",
    why={
        "naive": "It writes what just happened. The last write here is “Pending”, although it is older.",
        "ours": "The app keeps an early result, and applies it in the transaction that stores the lead. It writes the "
        "record from all it knows, never from the last event alone.",
    },
    requirements=["R15", "R16", "C4"],
)


def run(driver: Driver) -> str:
    """Delay ALC's response, let the verdict arrive, and let the response go."""
    person = driver.create_person("Early Webhook")
    driver.enable_pending_write()
    fault_id = driver.break_alc(route="POST /api/v1/leads", latency=DELAY, match={"recordId": person})
    click = driver.click_async(person)
    lead = driver.wait_for_lead(person)
    driver.report("ALC has the lead, but its answer is delayed.")
    driver.decide(lead)
    driver.alc.delete_fault(fault_id)
    driver.report("Now the answer to the click arrives.")
    message = click.result(RESPONSE_TIMEOUT)
    driver.report(f"The screen says: “{message}”")
    driver.wait_for(lambda: driver.has_ended(person), failure="The record was not brought up to date.")
    status = driver.attio.get_status(person)
    driver.observe(
        "The record has said",
        " → ".join(driver.attio.get_status_history(person)) or "nothing",
        good=status == "Complete",
    )
    driver.observe("The record says now", status or "nothing", good=status == "Complete")
    return {"Complete": "complete", "Pending": "pending"}.get(status, "nothing")


scenario = Scenario(LAB, run, naive=[send_to_alc_and_mark_pending], ours=[sends.mark_sent, verdicts._apply_to_lead])
