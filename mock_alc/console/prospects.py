"""A form on the page of a lead, with the control API on: sends `prospect.updated` as if the chat had told new data."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mock_alc.base.bodies import text_problem
from mock_alc.console.pages import current_account_id, login_required, pages
from mock_alc.leads import agent
from mock_alc.leads import leads as lead_store
from mock_alc.services import alc


@pages.post("/leads/<lead_id>/learn")
@login_required
def learn(lead_id: str) -> ResponseReturnValue:
    """Send `prospect.updated`, with the name and address of the form, to the webhooks that listen for it."""
    if not alc().config.control:
        raise NotFound("This lead has no new address.")
    given = {"name": request.form.get("name"), "address": request.form.get("email")}
    problems = [f"The {field}: {problem}" for field, value in given.items() if (problem := text_problem(value))]
    with alc().database.write() as session:
        lead = lead_store.find(session, current_account_id(), lead_id)
        if lead is None:
            raise NotFound("There is no such lead in this account.")
        name, address = str(given["name"]), str(given["address"])
        listeners = 0 if problems else agent.announce_prospect(session, lead, name, address, alc().now())
    alc().worker.wake()
    flash(" ".join(problems) or _result_text(listeners))
    return redirect(url_for("console.lead", lead_id=lead_id), 303)


def _result_text(webhooks: int) -> str:
    if webhooks == 0:
        return "No webhook listens for prospect.updated, so ALC sent nothing."
    return f"prospect.updated is on its way to {webhooks} webhook{'' if webhooks == 1 else 's'}."
