"""Lab 4: an old delivery comes once more."""

from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.script import Script
from alc_app.labs.side import Side
from alc_app.leads import transitions
from alc_app.pages import Choice, Lab
from alc_app.runtime.stores.inbox import Inbox

LAB = Lab(
    name="replayed-delivery",
    title="Replayed delivery",
    fault="The first chat fails, the person is sent again, and the second is complete. Then the first delivery arrives "
    "once more, well signed: every sender retries when an answer gets lost.",
    question="What does the tutorial’s record say in the end?",
    choices=[
        Choice("newest", "Complete: the verdict of the second chat.", good=True),
        Choice("oldest", "Failed: the old verdict has gone over the new one."),
        Choice("refused", "Complete, and ALC was refused, so that it goes on retrying."),
    ],
    quote="Acme Lead Checker’s server calls a webhook provided by the app.",
    quoted_from="Some time later, step 10",
    why={
        "naive": "Every call is news to it. It has no memory of deliveries, nor of which lead a verdict is about.",
        "ours": "A delivery is stored once, by its webhook-id, and answered 200 when it comes again. And between two "
        "verdicts the later one stands, in whatever order they come.",
    },
    requirements=["R14", "R16"],
)


def play(side: Side) -> str:
    """Two sends, two verdicts, and the first one again."""
    person = side.add_person("Replayed Delivery")
    side.click(person)
    first = side.wait_for_lead(person)
    delivery = side.decide(first, "no_answer")
    side.wait(lambda: side.crm.says(person) == "Failed", what="The first verdict has not reached the record.")
    side.click(person)
    side.decide(side.wait_for_lead(person, 2))
    side.wait(lambda: side.crm.says(person) == "Complete", what="The second verdict has not reached the record.")
    side.say("ALC sends the first delivery once more, under the same id.")
    side.alc.resend(delivery["id"])
    side.wait(lambda: len(side.answers(first)) == 2, what="The replayed delivery was not answered.")
    side.wait(lambda: side.has_ended(person), what="The record was not brought up to date.")
    status, answer = side.crm.says(person), side.answers(first)[1]
    side.observe("The replay is answered", answer, good=answer == 200)
    side.observe("The record has said", " → ".join(side.crm.has_said(person)), good=status == "Complete")
    side.observe("The record says now", status, good=status == "Complete")
    if status != "Complete":
        return "oldest"
    return "newest" if answer == 200 else "refused"


script = Script(LAB, play, naive=[lead_processed], ours=[Inbox.put, transitions._apply_to_lead])
