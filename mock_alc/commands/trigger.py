"""`mock-alc trigger`: make a running mock send an event now."""

from typing import Any

import click

from mock_alc.commands.control_client import api, call, deliveries_of, token_of, url_option

EVENTS = ("lead.processed", "prospect.updated", "webhook.test")
INTERESTS = ("interested", "not_interested", "no_answer")
PROCESSING = "processing"
RECORD, NAME = "1", "Ada Lovelace"

TRIGGER_HELP = """Send EVENT now to every webhook of the demo account that listens for it, and show their answers.

\b
mock-alc trigger lead.processed --record-id 42 --interest no_answer
mock-alc trigger prospect.updated --record-id 42 --email new@example.com
mock-alc trigger webhook.test

While a scenario waits for a lead, the new lead goes to the scenario, which decides what ALC sends.

prospect.updated is about the last lead of the record, or the last lead of all. It names the lead.

\b
The mock must run with --control. Exit code 1 if no webhook listens, or if one did not accept it.
"""


@click.command(help=TRIGGER_HELP)
@click.argument("event", type=click.Choice(EVENTS))
@click.option("--record-id", help="The lead's record. [default: 1; for prospect.updated, the last lead's]")
@click.option("--lead-id", help="The lead, undecided for lead.processed. [default: the record's, or a new lead]")
@click.option("--interest", type=click.Choice(INTERESTS), default="interested", show_default=True, help="The outcome.")
@click.option("--name", help="The person's name. [default: the lead's, or Ada Lovelace]")
@click.option(
    "--phone-number", default="+442071838750", show_default=True, help="The phone number of a new lead, as E.164."
)
@click.option(
    "--email", default="ada@example.com", show_default=True, help="The new email address, for prospect.updated."
)
@url_option
def trigger(event: str, *, url: str, **wanted: Any) -> None:
    """Send an event and print the answers."""
    before = {delivery["id"] for delivery in deliveries_of(url)}
    story = {"lead.processed": _lead, "prospect.updated": _prospect, "webhook.test": _test}[event](url, wanted)
    call(url, "POST", "/clock", {"advance": 0})  # Answers when the first attempts have ended.
    new = [one for one in deliveries_of(url) if one["id"] not in before]
    from mock_alc.commands.tail import show

    for delivery in new:
        for attempt in delivery["attempts"]:
            show(delivery, attempt)
    if story:
        return  # It decides what is sent, and a refusal may be right.
    if not new:
        raise click.ClickException(
            f"No webhook listens for {event}. Register one, or run `mock-alc listen --forward-to URL`."
        )
    raise SystemExit(0 if all(delivery["state"] == "delivered" for delivery in new) else 1)


def _lead(url: str, wanted: dict[str, Any]) -> str | None:
    """Decide a lead; if a scenario has taken it, leave that to the scenario and return its name."""
    lead_id = wanted["lead_id"] or _open_lead(url, wanted["record_id"] or RECORD)
    if lead_id is None:
        lead_id = _new_lead(url, wanted)["id"]
        runs = call(url, "GET", "/scenarios")["runs"]
        if story := next((str(run["name"]) for run in runs if run["lead_id"] == lead_id), None):
            click.echo(f"The scenario {story} has taken lead {lead_id}, and decides what ALC sends.")
            return story
    call(url, "POST", f"/leads/{lead_id}/decide", {"interest": wanted["interest"]})
    return None


def _open_lead(url: str, record_id: str) -> str | None:
    leads = call(url, "GET", "/leads")["leads"]
    found = [lead["id"] for lead in leads if lead["record_id"] == record_id and lead["status"] == PROCESSING]
    return found[0] if found else None


def _new_lead(url: str, wanted: dict[str, Any]) -> dict[str, Any]:
    body = {
        "recordId": wanted["record_id"] or RECORD,
        "name": wanted["name"] or NAME,
        "phoneNumber": wanted["phone_number"],
    }
    return dict(api(url, "POST", "/leads", body, token=token_of(url)))


def _prospect(url: str, wanted: dict[str, Any]) -> None:
    """Announce a prospect by the id of a lead, as the agent does: apps know their leads, not ALC's prospects."""
    lead = _last_lead(url, wanted) or _new_lead(url, wanted)
    click.echo(f"This is about lead {lead['id']}: {lead['name']}, record {lead['record_id']}.")
    body = {
        "prospectId": lead["id"],
        "prospectName": wanted["name"] or lead["name"],
        "prospectEmail": wanted["email"],
    }
    call(url, "POST", "/prospects", body | ({"account": lead["account"]} if "account" in lead else {}))


def _last_lead(url: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return the newest lead with the given id and record; None if there is none."""
    asked = {field: wanted[option] for field, option in (("id", "lead_id"), ("record_id", "record_id"))}
    fitting = [
        lead
        for lead in call(url, "GET", "/leads")["leads"]
        if all(value in (None, lead[field]) for field, value in asked.items())
    ]
    if not fitting and wanted["lead_id"]:
        raise click.ClickException(f"There is no such lead: {wanted['lead_id']}. `GET /_mock/leads` lists them.")
    return fitting[-1] if fitting else None


def _test(url: str, _wanted: dict[str, Any]) -> None:
    token = token_of(url)
    for webhook in api(url, "GET", "/webhooks", token=token)["webhooks"]:
        if webhook["status"] == "active":
            api(url, "POST", f"/webhooks/{webhook['webhook_id']}/test", token=token)
