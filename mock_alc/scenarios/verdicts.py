"""Scenarios of the verdict: when it comes, how often, in which order, and what else is delivered."""

from uuid import uuid4

from mock_alc.scenarios.scenario import TEN_YEARS, Scenario, ScenarioContext

THREE_DAYS = 3 * 86_400.0
BURST = 60


def _out_of_order(context: ScenarioContext) -> None:
    context.decide(after=10)
    context.send(context.verdict(status="Failed", interest="no_answer"), after=20)


def _contradiction(context: ScenarioContext) -> None:
    context.decide()
    later = context.verdict(
        status="Failed", interest="no_answer", summary="The number was a wrong one.", occurred_after=10
    )
    context.send(later, after=10)
    context.lead.status, context.lead.interest, context.lead.summary = "Failed", "no_answer", later["summary"]
    context.session.add(context.lead)


def _unknown_event(context: ScenarioContext) -> None:
    context.send({**context.verdict(), "event": "lead.archived", "status": "Failed"})
    context.decide(after=5)


def _foreign_record(context: ScenarioContext) -> None:
    verdict = context.verdict(status="Failed", interest="no_answer", record_id=str(uuid4()))
    context.send(verdict)
    context.send({**verdict, "lead_id": f"lead_{uuid4().hex}"})
    context.decide(after=5)


def _burst(context: ScenarioContext) -> None:
    for _other in range(BURST):
        others = {"lead_id": f"lead_{uuid4().hex}", "record_id": str(uuid4())}
        context.send({**context.verdict(status="Failed", interest="no_answer"), **others})
    context.decide()


SCENARIOS = (
    Scenario(
        "happy",
        "ALC takes the lead, decides, and tells of it once.",
        "The record says Pending, then Complete.",
        "Complete",
    ),
    Scenario(
        "slow_lead",
        "The agent needs three days. Access tokens have expired long since when the verdict comes.",
        "Nothing gives up on the lead: the record says Pending for as long, then Complete.",
        "Complete",
        lambda context: context.postpone_decision(THREE_DAYS),
    ),
    Scenario(
        "early",
        "The verdict comes while the answer to POST /api/v1/leads is still on its way.",
        "The verdict is kept until its lead is known: the record says Complete, and not Pending for ever.",
        "Complete",
        faults=({"route": "POST /api/v1/leads", "trouble": "hold", "latency": 5.0},),
    ),
    Scenario(
        "out_of_order",
        "Two verdicts: the later one, Complete, arrives before the older one, Failed.",
        "The later one stands whatever arrives last: Complete.",
        "Complete",
        _out_of_order,
    ),
    Scenario(
        "contradiction",
        "Two verdicts: Complete, and ten seconds later Failed. ALC has changed its mind.",
        "The later one stands: the record says Failed.",
        "Failed",
        _contradiction,
    ),
    Scenario(
        "never",
        "The agent never comes to a decision.",
        "The record goes on saying Pending. Nothing is invented, and nothing asks ALC without a pause.",
        "Pending",
        lambda context: context.postpone_decision(TEN_YEARS),
    ),
    Scenario(
        "unknown_event",
        "Before the verdict comes an event that did not exist when the app was written.",
        "It is acknowledged and ignored, and the verdict is shown.",
        "Complete",
        _unknown_event,
    ),
    Scenario(
        "extra_fields",
        "The verdict has fields that did not exist when the app was written.",
        "They are ignored, and the verdict is shown.",
        "Complete",
        faults=({"delivery": "lead.processed", "trouble": "extra_fields"},),
    ),
    Scenario(
        "foreign_record",
        "Before the verdict come two about a record that this app never sent, one of them with the lead's own id.",
        "Neither changes anything, and the right verdict is shown.",
        "Complete",
        _foreign_record,
    ),
    Scenario(
        "burst",
        f"The verdict comes amid {BURST} others, about leads that this app does not know.",
        "All are answered, and the one is shown.",
        "Complete",
        _burst,
    ),
)
