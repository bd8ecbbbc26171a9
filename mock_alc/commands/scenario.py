"""`mock-alc scenario`: list the scenarios, and run one against the app under test."""

import time
from typing import Any

import click

from mock_alc.commands.control_client import call, deliveries_of, url_option
from mock_alc.commands.options import Commands

POLL_SECONDS = 0.3
USER_ACTIONS = {
    "send": "send a person to ALC",
    "connect": "connect, if there is no connection",
    "reconnect": "connect again",
    "disconnect": "disconnect",
}

SCENARIO_HELP = """Run scenarios against the app under test: an early result, a forged result, a webhook that expires.

\b
Each one says what ALC does, what you do in your app, and how it ends for a correct app:
  mock-alc serve --control
  mock-alc scenario list
  mock-alc scenario run early
"""


@click.group(cls=Commands, help=SCENARIO_HELP)
def scenario() -> None:
    """Group the scenario commands."""


@scenario.command("list")
@url_option
def list_scenarios(url: str) -> None:
    """List the scenarios, with the end state of a correct app."""
    for found in call(url, "GET", "/scenarios")["scenarios"]:
        click.secho(found["name"] + (" (a receiver alone can play it)" if found["receiver_alone"] else ""), bold=True)
        click.echo(f"  {found['does']}\n  {_end(found)}")


@scenario.command()
@click.argument("name")
@click.option("--record-id", help="Use the next lead of this record. [default: the next lead]")
@click.option("--lead-id", help="Use this lead, which must be undecided.")
@click.option(
    "--hurry/--real-time", default=True, help="Move the mock's clock ahead instead of waiting. [default: hurry]"
)
@click.option("--wait/--no-wait", default=True, help="Follow the scenario to its end. [default: wait]")
@url_option
def run(name: str, *, url: str, hurry: bool, wait: bool, **which: str | None) -> None:
    """Start the scenario NAME, and show what ALC sends and what your app answers. Ctrl-C ends it."""
    wanted = {key: value for key, value in which.items() if value}
    begun = call(url, "POST", f"/scenarios/{name}", wanted)
    steps = [] if begun["lead_id"] else [USER_ACTIONS[step] for step in begun["person"]]
    click.secho(begun["name"], bold=True)
    rows = {"ALC": begun["does"], "you": ", then ".join(steps) or "wait", "correct": _end(begun)}
    click.echo("\n".join(f"  {who:<8} {what}" for who, what in rows.items()))
    if not wait or begun["leads"] == 0:
        return
    try:
        _follow(url, begun["id"], hurry)
    except KeyboardInterrupt:
        call(url, "DELETE", "/scenarios")
        click.echo("The scenario was ended.")


def _follow(url: str, run_id: str, hurry: bool) -> None:
    while not (lead_id := call(url, "GET", f"/scenarios/runs/{run_id}")["lead_id"]):
        time.sleep(POLL_SECONDS)
    click.echo(f"  {'lead':<8} {lead_id}")
    shown: set[tuple[str, int]] = set()
    while True:
        clock = call(url, "POST", "/clock", {"until": "idle"}) if hurry else call(url, "GET", "/clock")
        for delivery in deliveries_of(url, lead_id=lead_id):
            _show(delivery, shown)
        if clock["idle"]:
            return
        time.sleep(POLL_SECONDS)


def _show(delivery: dict[str, Any], shown: set[tuple[str, int]]) -> None:
    for attempt in delivery["attempts"]:
        key = (delivery["id"], attempt["number"])
        answer = attempt["status"] or attempt["error"]
        if key in shown or answer is None:
            continue
        shown.add(key)
        what = f"{delivery['body'].get('event')} {delivery['body'].get('status', '')}".strip()
        click.echo(f"  {attempt['at'][11:19]} {what}, attempt {attempt['number']}: {answer}")


def _end(found: dict[str, Any]) -> str:
    status = f" (CRM status: {found['crm_status']})" if found["crm_status"] else ""
    return f"{found['ends']}{status}"
