"""`/_mock/leads` and `/_mock/prospects`: list leads, decide them, and announce prospects."""

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from mock_alc.base.accounts import DEMO_ACCOUNT, find_or_make_account
from mock_alc.base.bodies import text_problem
from mock_alc.base.errors import ApiError, invalid, not_found
from mock_alc.control.blueprint import control_api
from mock_alc.double.control.guard import optional_texts, refuse_unknown_filters
from mock_alc.leads import agent
from mock_alc.leads.conversations import OUTCOMES
from mock_alc.leads.leads import DECIDED, Lead
from mock_alc.services import alc
from mock_alc.webhooks.outbox import announce

PROSPECT_FIELDS = ("prospectId", "prospectName", "prospectEmail")


@control_api.get("/leads")
def list_leads() -> ResponseReturnValue:
    """List the leads of all accounts, oldest first, or those of the given `record_id`s."""
    refuse_unknown_filters("record_id")
    chosen = select(Lead).order_by(col(Lead.seq))
    if wanted := request.args.getlist("record_id"):
        chosen = chosen.where(col(Lead.record_id).in_(wanted))
    with alc().database.read() as session:
        found = list(session.exec(chosen))
    return {"leads": [{**lead.as_json(alc().now()), "account": lead.account_id} for lead in found]}


@control_api.post("/leads/<lead_id>/decide")
def decide(lead_id: str) -> ResponseReturnValue:
    """Let the agent decide now; `interest` and `status` may be given."""
    wanted = optional_texts("interest", "status")
    for name, allowed in (("interest", OUTCOMES), ("status", DECIDED)):
        if wanted.get(name) not in (None, *allowed):
            raise invalid({name: f"This field must be one of: {', '.join(allowed)}."})
    with alc().database.write() as session:
        lead = session.exec(select(Lead).where(Lead.id == lead_id)).one_or_none()
        if lead is None:
            raise not_found("lead")
        if not agent.decide(session, lead_id, alc().now(), **wanted):
            raise ApiError(409, "already_decided", f"The agent has already decided on this lead: {lead.status}.")
    alc().worker.wake()
    return lead.as_json(alc().now())


@control_api.post("/prospects")
def update_prospect() -> ResponseReturnValue:
    """Announce changed data of a person to the webhooks for `prospect.updated`."""
    wanted = optional_texts("account", *PROSPECT_FIELDS)
    data = {field: wanted.get(field) for field in PROSPECT_FIELDS}
    missing = {field: problem for field, value in data.items() if (problem := text_problem(value))}
    if missing:
        raise invalid(missing)
    with alc().database.write() as session:
        account = find_or_make_account(session, wanted.get("account", DEMO_ACCOUNT))
        payload = agent.prospect_updated(*(str(value) for value in data.values()))
        queued = announce(session, account.id, "prospect.updated", payload, alc().now(), traceparent=g.traceparent)
    alc().worker.wake()
    return {"deliveries": [delivery.id for delivery in queued]}, 202
