"""Lab 2: ALC's verdict overtakes ALC's answer to the POST."""

from alc_app.labs.naive.send_to_alc_server import send_to_alc_as_told
from alc_app.labs.script import Script
from alc_app.labs.side import ANSWERED, Side
from alc_app.leads import transitions
from alc_app.pages import Choice, Lab

HELD = 9.0
"""Seconds that the answer is held up at most: less than anybody waits for one."""

LAB = Lab(
    name="webhook-before-pending",
    title="Webhook before Pending",
    fault="ALC is quick: its verdict arrives at the webhook before the answer to the POST that sent the lead.",
    question="What does the tutorial’s record say in the end?",
    choices=[
        Choice("complete", "Complete, which is the verdict.", good=True),
        Choice("pending", "Pending. The late write went over the verdict, and nobody will come again."),
        Choice("nothing", "Nothing at all."),
    ],
    quote="Server function calls the Attio REST API with ATTIO_API_TOKEN to mark the record as “Pending”.",
    quoted_from="Usage, step 9. The tutorial’s code leaves it out; here it does what its text says",
    why={
        "naive": "It writes what has just happened. What happened last here is “Pending”, although it is older news.",
        "ours": "A verdict that nobody waits for yet is kept, and taken up in the transaction that learns of the lead. "
        "The record is written by what is known, never by what has just happened.",
    },
    requirements=["R15", "R16", "C4"],
)


def play(side: Side) -> str:
    """Hold up the answer, let the verdict pass it, let the answer go."""
    person = side.add_person("Early Webhook")
    side.follow_the_text()
    held = side.break_alc(route="POST /api/v1/leads", latency=HELD, match={"recordId": person})
    click = side.begin_to_click(person)
    lead = side.wait_for_lead(person)
    side.say("ALC has the lead, and its answer is held up on the way.")
    side.decide(lead)
    side.alc.mend(held)
    side.say("Now the answer to the click arrives.")
    said = click.result(ANSWERED)
    side.say(f"The screen says: “{said}”")
    side.wait(lambda: side.has_ended(person), what="The record was not brought up to date.")
    status = side.crm.says(person)
    side.observe("The record has said", " → ".join(side.crm.has_said(person)) or "nothing", good=status == "Complete")
    side.observe("The record says now", status or "nothing", good=status == "Complete")
    return {"Complete": "complete", "Pending": "pending"}.get(status, "nothing")


script = Script(LAB, play, naive=[send_to_alc_as_told], ours=[transitions.mark_sent, transitions._apply_to_lead])
