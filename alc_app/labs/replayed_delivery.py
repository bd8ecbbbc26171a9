"""Lab 4: an old delivery arrives again."""

from alc_app.labs.driver import Driver
from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.scenario import Scenario
from alc_app.leads import verdicts
from alc_app.pages import Choice, Lab
from alc_app.runtime.stores.inbox import Inbox

LAB = Lab(
    name="replayed-delivery",
    title="Replayed delivery",
    fault="The first chat fails, the person is sent again, and the second chat completes. Then the first delivery "
    "arrives again, correctly signed: every sender retries when an answer gets lost.",
    question="What does the tutorial’s record say in the end?",
    choices=[
        Choice("newest", "Complete, the result of the second chat.", good=True),
        Choice("oldest", "Failed. The old result replaces the new one."),
        Choice("refused", "Complete, but ALC gets a refusal and keeps retrying."),
    ],
    quote="Acme Lead Checker’s server calls a webhook provided by the app.",
    quoted_from="Some time later, step 10",
    why={
        "naive": "It treats every call as new. It remembers neither deliveries nor which lead a result belongs to.",
        "ours": "The app stores a delivery once, by its webhook-id, and answers 200 when it comes again. Of two "
        "results the later one counts, in any order of arrival.",
    },
    requirements=["R14", "R16"],
)


def run(driver: Driver) -> str:
    """Send twice, let ALC decide twice, and resend the first delivery."""
    person = driver.create_person("Replayed Delivery")
    driver.click(person)
    first = driver.wait_for_lead(person)
    delivery = driver.decide(first, "no_answer")
    driver.wait_for(
        lambda: driver.attio.get_status(person) == "Failed", failure="The first result did not reach the record."
    )
    driver.click(person)
    driver.decide(driver.wait_for_lead(person, 2))
    driver.wait_for(
        lambda: driver.attio.get_status(person) == "Complete", failure="The second result did not reach the record."
    )
    driver.report("ALC sends the first delivery again, under the same id.")
    driver.alc.resend(delivery["id"])
    driver.wait_for(
        lambda: len(driver.response_statuses(first)) == 2, failure="The replayed delivery was not answered."
    )
    driver.wait_for(lambda: driver.has_ended(person), failure="The record was not brought up to date.")
    status, answer = driver.attio.get_status(person), driver.response_statuses(first)[1]
    driver.observe("The replay is answered", answer, good=answer == 200)
    driver.observe(
        "The record has said", " → ".join(driver.attio.get_status_history(person)), good=status == "Complete"
    )
    driver.observe("The record says now", status, good=status == "Complete")
    if status != "Complete":
        return "oldest"
    return "newest" if answer == 200 else "refused"


scenario = Scenario(LAB, run, naive=[lead_processed], ours=[Inbox.put, verdicts._apply_to_lead])
