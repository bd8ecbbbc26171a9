"""`mock-alc listen`: show what a running mock delivers, and forward it to a local program."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mock_alc.commands.control_client import api, deliveries_of, token_of, url_option
from mock_alc.commands.options import as_text_option, json_option

POLL_SECONDS = 0.3
EVENTS = ("lead.processed", "prospect.updated")

LISTEN_HELP = """Show each delivery attempt and its answer as it happens.

\b
mock-alc listen
mock-alc listen --forward-to http://127.0.0.1:5000/hook
mock-alc trigger lead.processed            # in another terminal

With --forward-to, the command registers webhooks for that address with one secret,
and prints it. It deletes them when it ends, even by SIGTERM or SIGHUP. The secret stays the same from run to run,
in a file that only you can read. The mock must run with --control.
"""


@click.command(help=LISTEN_HELP)
@click.option("--forward-to", metavar="URL", help="Deliver to this address too, while this command runs.")
@click.option(
    "--secret",
    envvar="WEBHOOK_SECRET",
    show_envvar=True,
    callback=as_text_option,
    help="Sign with this secret, whsec_…. [default: one made at your first run]",
)
@click.option("--event", "events", multiple=True, type=click.Choice(EVENTS), help="Forward this event. [default: all]")
@click.option("--all", "from_start", is_flag=True, help="Show earlier deliveries too.")
@click.option("--attempts", type=int, help="Stop after this many attempts. [default: run until Ctrl-C]")
@json_option
@url_option
def listen(
    *, url: str, forward_to: str | None, secret: str | None, events: tuple[str, ...], from_start: bool,
    attempts: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Print attempts, and forward deliveries if asked to."""
    from mock_alc.commands.tail import show

    seen = set() if from_start else {(one[0]["id"], one[1]["number"]) for one in _finished_attempts(url)}
    shown = 0
    try:
        with _forwarding(url, forward_to, secret, events or EVENTS):
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
    deliveries = deliveries_of(url)
    found = [(delivery, attempt) for delivery in deliveries for attempt in delivery["attempts"]]
    ended = [pair for pair in found if pair[1]["status"] is not None or pair[1]["error"] is not None]
    return sorted(ended, key=lambda pair: str(pair[1]["at"]))


@contextmanager
def _forwarding(url: str, target: str | None, secret: str | None, events: tuple[str, ...]) -> Iterator[None]:
    """Register webhooks at `target` while the block runs, and delete them afterwards."""
    if target is None:
        yield
        return
    signing_secret = _usable(secret) if secret is not None else _own_secret()
    token, made = token_of(url), list[str]()
    try:
        _end_on("SIGTERM", "SIGHUP")
        for event in events:
            body = {
                "name": f"mock-alc listen {time.time():.0f}",
                "url": target,
                "event": event,
                "secret": signing_secret,
            }
            made.append(str(api(url, "POST", "/webhooks", body, token=token)["webhook_id"]))
        click.echo(f"Forwarding {', '.join(events)} to {target}, signed with {signing_secret}", err=True)
        yield
    finally:
        for webhook_id in made:
            api(url, "DELETE", f"/webhooks/{webhook_id}", token=token)


def _end_on(*names: str) -> None:
    """Let these signals end the program as an exit does, so that what was registered is deleted."""
    for name in names:
        if number := getattr(signal, name, None):  # Windows has no SIGHUP.
            signal.signal(number, lambda received, _frame: sys.exit(128 + received))


def _usable(secret: str) -> str:
    from mock_alc.signing.standard_webhooks import UnusableSecret, as_written, key_of

    try:
        key_of(as_written(secret))
    except UnusableSecret as problem:
        raise click.BadParameter(str(problem), param_hint="--secret") from problem
    return as_written(secret)


def _own_secret() -> str:
    """Return the secret of this person, which is made at the first call; a new one each time if it cannot be kept."""
    from mock_alc.signing.standard_webhooks import new_secret

    file = Path(click.get_app_dir("mock-alc")) / "listen-secret"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
            new.write(new_secret())
    except FileExistsError:
        pass
    except OSError as error:
        click.echo(f"The secret could not be saved for the next run ({file}: {error.strerror}).", err=True)
        return new_secret()
    return _usable(file.read_text(encoding="utf-8"))
