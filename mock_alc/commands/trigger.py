"""`mock-alc trigger`: make a running mock send an event now."""

from typing import Any

import click

from mock_alc.commands.control_client import api, call, token_of, url_option

EVENTS = ("lead.processed", "prospect.updated", "webhook.test")
INTERESTS = ("interested", "not_interested", "no_answer")
PROCESSING = "processing"

TRIGGER_HELP = """Send EVENT now to every webhook of the demo account that listens for it, and show what they answer.

\b
mock-alc trigger lead.processed --record-id 42 --interest no_answer
mock-alc trigger prospect.updated --record-id 42 --email new@example.com
mock-alc trigger webhook.test

The mock must run with --control. Exit code 1 when nobody listens, or somebody did not take it.
"""


@click.command(help=TRIGGER_HELP)
@click.argument("event", type=click.Choice(EVENTS))
@click.option("--record-id", default="1", show_default=True, help="lead.processed: the lead's record.")
@click.option("--lead-id", help="lead.processed: an undecided lead. [default: of the record, or a new one]")
@click.option("--interest", type=click.Choice(INTERESTS), default="interested", show_default=True, help="The outcome.")
@click.option("--name", default="Ada Lovelace", show_default=True, help="The person's name.")
@click.option("--phone-number", default="+442071838750", show_default=True, help="Of a new lead, as E.164.")
@click.option("--email", default="ada@example.com", show_default=True, help="prospect.updated: the new address.")
@url_option
def trigger(event: str, *, url: str, **wanted: Any) -> None:
    """Send an event and print the answers."""
    before = {delivery["id"] for delivery in call(url, "GET", "/deliveries")["deliveries"]}
    {"lead.processed": _lead, "prospect.updated": _prospect, "webhook.test": _test}[event](url, wanted)
    call(url, "POST", "/clock", {"advance": 0})  # Answers when the first attempts have ended.
    new = [one for one in call(url, "GET", "/deliveries")["deliveries"] if one["id"] not in before]
    if not new:
        raise click.ClickException(
            f"No webhook listens for {event}. Register one, or run `mock-alc listen --forward-to URL`."
        )
    from mock_alc.commands.tail import show

    for delivery in new:
        for attempt in delivery["attempts"]:
            show(delivery, attempt)
    raise SystemExit(0 if all(delivery["state"] == "delivered" for delivery in new) else 1)


def _lead(url: str, wanted: dict[str, Any]) -> None:
    lead_id = wanted["lead_id"] or _open_lead(url, wanted["record_id"]) or _new_lead(url, wanted)
    call(url, "POST", f"/leads/{lead_id}/decide", {"interest": wanted["interest"]})


def _open_lead(url: str, record_id: str) -> str | None:
    leads = call(url, "GET", "/leads")["leads"]
    found = [lead["id"] for lead in leads if lead["record_id"] == record_id and lead["status"] == PROCESSING]
    return found[0] if found else None


def _new_lead(url: str, wanted: dict[str, Any]) -> str:
    body = {"recordId": wanted["record_id"], "name": wanted["name"], "phoneNumber": wanted["phone_number"]}
    return str(api(url, "POST", "/leads", body, token=token_of(url))["id"])


def _prospect(url: str, wanted: dict[str, Any]) -> None:
    body = {
        "prospectId": wanted["record_id"],
        "prospectName": wanted["name"],
        "prospectEmail": wanted["email"],
    }
    call(url, "POST", "/prospects", body)


def _test(url: str, _wanted: dict[str, Any]) -> None:
    token = token_of(url)
    for webhook in api(url, "GET", "/webhooks", token=token)["webhooks"]:
        if webhook["status"] == "active":
            api(url, "POST", f"/webhooks/{webhook['webhook_id']}/test", token=token)
