"""Scenarios of the verdict: when it comes, how often, in which order, and what else is delivered."""

from uuid import uuid4

from mock_alc.scenarios.scenario import TEN_YEARS, Scenario, ScenarioContext

THREE_DAYS = 3 * 86_400.0
BURST = 60


def _out_of_order(context: ScenarioContext) -> None:
    context.postpone_decision(10)
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
    context.postpone_decision(5)


def _foreign_record(context: ScenarioContext) -> None:
    verdict = context.verdict(status="Failed", interest="no_answer", record_id=str(uuid4()))
    context.send(verdict)
    context.send({**verdict, "lead_id": f"lead_{uuid4().hex}"})
    context.postpone_decision(5)


def _burst(context: ScenarioContext) -> None:
    for _other in range(BURST):
        others = {"lead_id": f"lead_{uuid4().hex}", "record_id": str(uuid4())}
        context.send({**context.verdict(status="Failed", interest="no_answer"), **others})
    context.decide()


SCENARIOS = (
    Scenario(
        "happy",
        "ALC takes the lead, decides, and reports the result once.",
        "The record says Pending, then Complete.",
        "Complete",
    ),
    Scenario(
        "slow_lead",
        "The agent needs three days. The access tokens expire long before the result comes.",
        "The app keeps waiting: the record says Pending for three days, then Complete.",
        "Complete",
        lambda context: context.postpone_decision(THREE_DAYS),
    ),
    Scenario(
        "early",
        "The result comes while the answer to POST /api/v1/leads is still on its way.",
        "The app keeps the result until it knows the lead. The record ends at Complete, not Pending.",
        "Complete",
        faults=({"route": "POST /api/v1/leads", "trouble": "hold", "latency": 5.0},),
    ),
    Scenario(
        "out_of_order",
        "Two results: the later one, Complete, arrives before the older one, Failed.",
        "The later result counts, even if it arrives first: Complete.",
        "Complete",
        _out_of_order,
    ),
    Scenario(
        "contradiction",
        "Two results: Complete, and ten seconds later Failed, because ALC corrected it.",
        "The later result counts: the record says Failed.",
        "Failed",
        _contradiction,
    ),
    Scenario(
        "never",
        "The agent never decides.",
        "The record stays Pending. The app invents no result, and pauses between its questions to ALC.",
        "Pending",
        lambda context: context.postpone_decision(TEN_YEARS),
    ),
    Scenario(
        "unknown_event",
        "Before the result, ALC sends an event that did not exist when the app was written.",
        "The app acknowledges and ignores it, and shows the result.",
        "Complete",
        _unknown_event,
    ),
    Scenario(
        "extra_fields",
        "The result has fields that did not exist when the app was written.",
        "The app ignores them, and shows the result.",
        "Complete",
        faults=({"delivery": "lead.processed", "trouble": "extra_fields"},),
    ),
    Scenario(
        "foreign_record",
        "Before the result, ALC sends two results for a record that the app never sent. One has the lead's own id.",
        "Neither changes anything. The app shows the correct result.",
        "Complete",
        _foreign_record,
    ),
    Scenario(
        "burst",
        f"The result comes among {BURST} others, for leads that the app does not know.",
        "The app answers all of them, and shows the one result that it knows.",
        "Complete",
        _burst,
    ),
)
