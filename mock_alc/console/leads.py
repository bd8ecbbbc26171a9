"""The pages of leads: a list, one lead with its chat, and buttons to decide it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mock_alc.console.pages import SHOWN, current_account_id, login_required, pages
from mock_alc.leads import agent
from mock_alc.leads import leads as lead_store
from mock_alc.leads.conversations import example_email
from mock_alc.leads.leads import DECIDED, PROCESSING
from mock_alc.services import alc

BESIDE = 30
"""How many leads are listed beside an open one."""
DECISIONS: dict[str, dict[str, Any]] = {
    "interested": {"interest": "interested"},
    "not_interested": {"interest": "not_interested"},
    "no_answer": {"interest": "no_answer"},
    "failed": {"interest": "no_answer", "status": "Failed", "summary": "The number was a wrong one."},
}


@pages.get("/")
@login_required
def leads() -> ResponseReturnValue:
    """List the leads, newest first, a page at a time; filters are `status` and `q`, a part of the name."""
    status, text = request.args.get("status"), request.args.get("q", "").strip()
    before = request.args.get("before", type=int)
    with alc().database.read() as session:
        found = lead_store.list_leads(
            session, current_account_id(), limit=SHOWN + 1, before=before, text=text or None, status=status
        )
    return render_template(
        "leads.html",
        leads=found[:SHOWN],
        older=found[SHOWN - 1].seq if len(found) > SHOWN else None,
        statuses=(PROCESSING, *DECIDED),
        status=status,
        text=text,
        filtered=bool(status or text or before),
    )


@pages.get("/leads/<lead_id>")
@login_required
def lead(lead_id: str) -> ResponseReturnValue:
    """Show one lead with its chat, and the newest leads beside it."""
    with alc().database.read() as session:
        found = lead_store.find(session, current_account_id(), lead_id)
        beside = lead_store.list_leads(session, current_account_id(), limit=BESIDE)
    if found is None:
        raise NotFound("There is no such lead in this account.")
    return render_template(
        "lead.html",
        lead=found,
        leads=beside,
        transcript=found.transcript(alc().now()),
        address=example_email(found.name) if alc().config.control else None,
        decisions=DECISIONS if alc().config.control and found.decided_at is None else (),
    )


@pages.post("/leads/<lead_id>/decide")
@login_required
def decide(lead_id: str) -> ResponseReturnValue:
    """Let the agent decide now; 404 unless the control API is on."""
    decision = DECISIONS.get(request.form.get("decision", ""))
    with alc().database.write() as session:
        found = lead_store.find(session, current_account_id(), lead_id)
        if not alc().config.control or found is None or decision is None:
            raise NotFound("This lead has no decision to make.")
        if not agent.decide(session, lead_id, alc().now(), **decision):
            flash("The agent had already decided.")
    alc().worker.wake()
    return redirect(url_for("console.lead", lead_id=lead_id), 303)
