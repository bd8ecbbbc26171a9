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
    fault="The person’s record cannot be written for a moment: the CRM answers 503. Just then the verdict arrives.",
    question="Once the CRM is back, does the tutorial’s verdict reach the record?",
    choices=[
        Choice("retried", "Yes. Somebody tries again until it is written.", good=True),
        Choice("lost", "No. ALC got its 200 and will not come again, so the verdict is lost."),
        Choice("resent", "Yes. ALC got an error and sends the verdict once more.", good=True),
    ],
    quote="Webhook Handler calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Complete”.",
    quoted_from="Some time later, step 11",
    why={
        "naive": "It does not look at the answer of its PATCH, and tells ALC that all is well.",
        "ours": "A 200 means that the delivery is stored. What the record should say is a row; whoever finds that the "
        "record does not say it writes, and tries again with growing pauses until it does.",
    },
    requirements=["R17", "R21", "C3"],
)


def run(driver: Driver) -> str:
    """Break the CRM, let the verdict arrive, restore the CRM, and wait for the write."""
    person = driver.create_person("Crm Down")
    driver.click(person)
    lead = driver.wait_for_lead(person)
    driver.wait_for(lambda: driver.is_settled(person), failure="The send was not brought to an end.")
    fault_id = driver.break_attio(person)
    driver.report("The CRM answers 503 to whoever writes this record.")
    driver.decide(lead)
    driver.wait_for(lambda: driver.attio.count_failed_writes(fault_id), failure="Nobody has tried to write the record.")
    driver.report("The write of the verdict is refused: 503.")
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
