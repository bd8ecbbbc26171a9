"""`mock-alc listen`: show what a running mock delivers, and forward it to a local program."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mock_alc.base.paging import every_delivery
from mock_alc.commands.control_client import api, call, token_of, url_option
from mock_alc.commands.options import json_option

POLL_SECONDS = 0.3
EVENTS = ("lead.processed", "prospect.updated")

LISTEN_HELP = """Show each attempt to deliver as it happens, and how it was answered.

\b
mock-alc listen
mock-alc listen --forward-to http://127.0.0.1:5000/hook
mock-alc trigger lead.processed            # in another terminal

With --forward-to, webhooks are registered there under one secret, which is shown, and deleted at the end. The mock
must run with --control.
"""


@click.command(help=LISTEN_HELP)
@click.option("--forward-to", metavar="URL", help="Deliver to this address too, while this command runs.")
@click.option("--event", "events", multiple=True, type=click.Choice(EVENTS), help="Forward this event. [default: all]")
@click.option("--all", "from_start", is_flag=True, help="Show what was delivered before, too.")
@click.option("--attempts", type=int, help="Stop after so many attempts. [default: at Ctrl-C]")
@json_option
@url_option
def listen(
    *, url: str, forward_to: str | None, events: tuple[str, ...], from_start: bool, attempts: int | None, as_json: bool
) -> None:
    """Print attempts, and forward deliveries if asked to."""
    from mock_alc.commands.tail import show

    seen = set() if from_start else {(one[0]["id"], one[1]["number"]) for one in _finished_attempts(url)}
    shown = 0
    try:
        with _forwarding(url, forward_to, events or EVENTS):
            while attempts is None or shown < attempts:
                for delivery, attempt in _finished_attempts(url):
                    key = (delivery["id"], attempt["number"])
                    if key not in seen:
                        seen.add(key)
                        show(delivery, attempt, as_json=as_json)
                        shown += 1
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo(err=True)


def _finished_attempts(url: str) -> list[tuple[dict[str, object], dict[str, object]]]:
    """Return the attempts that were answered or have failed, with their deliveries, in the order of time."""
    deliveries = every_delivery(lambda path: call(url, "GET", f"/{path}"))
    found = [(delivery, attempt) for delivery in deliveries for attempt in delivery["attempts"]]
    ended = [pair for pair in found if pair[1]["status"] is not None or pair[1]["error"] is not None]
    return sorted(ended, key=lambda pair: str(pair[1]["at"]))


@contextmanager
def _forwarding(url: str, target: str | None, events: tuple[str, ...]) -> Iterator[None]:
    """Register webhooks at `target` while the block runs, and delete them afterwards."""
    if target is None:
        yield
        return
    from mock_alc.signing.standard_webhooks import new_secret

    token, secret, made = token_of(url), new_secret(), list[str]()
    try:
        for event in events:
            body = {"name": f"mock-alc listen {time.time():.0f}", "url": target, "event": event, "secret": secret}
            made.append(str(api(url, "POST", "/webhooks", body, token=token)["webhook_id"]))
        click.echo(f"Forwarding {', '.join(events)} to {target}, signed with {secret}", err=True)
        yield
    finally:
        for webhook_id in made:
            api(url, "DELETE", f"/webhooks/{webhook_id}", token=token)
