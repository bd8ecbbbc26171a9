"""Lab 5: the CRM cannot be written while ALC's verdict arrives."""

from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.script import Script
from alc_app.labs.side import Side
from alc_app.leads import record_sync
from alc_app.leads.record_sync import sync_record
from alc_app.pages import Choice, Lab

AFTERWARDS = 8.0
"""Seconds after which the record is looked at, once the CRM is back."""

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


def play(side: Side) -> str:
    """Down, verdict, up again, and a while of patience."""
    person = side.add_person("Crm Down")
    side.click(person)
    lead = side.wait_for_lead(person)
    side.wait(lambda: side.is_settled(person), what="The send was not brought to an end.")
    side.break_crm(person)
    side.say("The CRM answers 503 to whoever writes this record.")
    side.decide(lead)
    side.wait(lambda: side.crm.refused_writes(person), what="Nobody has tried to write the record.")
    side.say("The write of the verdict is refused: 503.")
    side.crm.mend_writes(person)
    side.say("The CRM is back.")
    written = side.comes_true(lambda: side.crm.says(person) == "Complete", within=AFTERWARDS)
    answers = side.answers(lead)
    side.observe("ALC was answered", ", then ".join(map(str, answers)), good=200 in answers)
    side.observe("The record says", side.crm.says(person) or "nothing", good=written)
    if not written:
        return "lost"
    return "retried" if len(answers) == 1 else "resent"


script = Script(LAB, play, naive=[lead_processed], ours=[sync_record, record_sync.retry_sync_later])
