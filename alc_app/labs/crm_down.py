"""Lab 5: the CRM refuses writes while ALC's verdict arrives."""

from alc_app.labs.driver import Driver
from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.scenario import Scenario
from alc_app.leads import record_sync
from alc_app.pages import Choice, Lab

WRITTEN_WITHIN = 8.0
"""Seconds that the write may take once the CRM is back."""

LAB = Lab(
    name="crm-down",
    title="CRM down during the webhook",
    fault="The CRM answers 503 to writes of the person’s record. Just then the result arrives.",
    question="Does the result reach the record once the CRM is back?",
    choices=[
        Choice("retried", "Yes. The tutorial’s code retries until it is written.", good=True),
        Choice("lost", "No. ALC got a 200 and does not send it again, so the result is lost."),
        Choice("resent", "Yes. ALC gets an error and sends the result again.", good=True),
    ],
    quote="Webhook Handler calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Complete”.",
    quoted_from="Some time later, step 11",
    why={
        "naive": "It ignores the answer to its PATCH, and answers 200 to ALC.",
        "ours": "The app answers 200 once it has stored the delivery. A row says what the record should show. The app "
        "retries the write with growing pauses until the record shows it.",
    },
    requirements=["R17", "R21", "C3"],
)


def run(driver: Driver) -> str:
    """Break the CRM, let the verdict arrive, restore the CRM, and wait for the write."""
    person = driver.create_person("Crm Down")
    driver.click(person)
    lead = driver.wait_for_lead(person)
    driver.wait_for(lambda: driver.is_settled(person), failure="The send did not finish.")
    fault_id = driver.break_attio(person)
    driver.report("The CRM answers 503 to every write of this record.")
    driver.decide(lead)
    driver.wait_for(lambda: driver.attio.count_failed_writes(fault_id), failure="No one tried to write the record.")
    driver.report("The CRM refuses the write of the result with 503.")
    driver.attio.delete_fault(fault_id)
    driver.report("The CRM is back.")
    written = driver.poll(lambda: driver.attio.get_status(person) == "Complete", timeout=WRITTEN_WITHIN)
    answers = driver.response_statuses(lead)
    driver.observe("ALC was answered", ", then ".join(map(str, answers)), good=200 in answers)
    driver.observe("The record says", driver.attio.get_status(person) or "nothing", good=written)
    if not written:
        return "lost"
    return "retried" if len(answers) == 1 else "resent"


scenario = Scenario(LAB, run, naive=[lead_processed], ours=[record_sync.write_claimed, record_sync.retry_sync_later])
