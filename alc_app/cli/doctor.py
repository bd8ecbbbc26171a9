"""What `alc-app doctor`, `why`, `catch-up`, `rotate-keys`, `rotate-secrets` and `dead-letters` do and print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from alc_app.attio import AttioError
from alc_app.attio.host.context import running
from alc_app.attio.host.errors import ServerFunctionError, ServerFunctionTimeout
from alc_app.cli.output import reason
from alc_app.clients.attio_api import AttioApiError
from alc_app.clients.attio_people import get_person
from alc_app.config.settings import Config
from alc_app.leads import reconcile
from alc_app.leads.models import rows_of
from alc_app.leads.reconcile import reconcile_leads
from alc_app.pages import Person
from alc_app.pages.filters import human_time
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.doctor import COULD_NOT_CHECK, OK, Doctor, Report, Result
from alc_app.runtime.jobs import dead_letters
from alc_app.runtime.jobs.dead_letters import NotReplayed
from alc_app.runtime.jobs.relay import enqueue_rotation
from alc_app.runtime.observability import logs
from alc_app.runtime.observability.logs import visible
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import DatabaseUnusable
from alc_app.runtime.storage.sealing import KeyMissing
from alc_app.runtime.stores.key_rotation import rotate_keys
from alc_app.web.presenters.people import to_person
from alc_app.web.presenters.why.of_record import explanation_of

TIMEOUT = 60.0
"""Seconds that all checks may take together."""
ROTATION_TIMEOUT = 20.0
"""Seconds to wait for a worker to tell ALC a new secret."""
UNTOLD = (
    "The new secrets are stored, and the previous ones stay valid. ALC does not have all of them yet. A worker keeps "
    "trying."
)
SIGNS = {"error": ("✗", "red"), "warning": ("!", "yellow"), "unknown": ("?", "yellow")}
FIX = "alc-app doctor --fix"


def run_doctor(config: Config, *, fix: bool, as_json: bool) -> int:
    """Check everything, print the report, and return the exit code (see `alc-app doctor --help`)."""
    try:
        with _services(config) as services:
            doctor = Doctor(services)
            report = doctor.repair(TIMEOUT) if fix else doctor.examine(TIMEOUT)
    except click.ClickException as error:
        click.echo(error.message, err=True)
        return COULD_NOT_CHECK
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=2))
    else:
        _print(report)
    return report.exit_code


def explain_record(config: Config, record_id: str) -> None:
    """Print why a record has its ALC status. Raises: ClickException, if neither Attio nor this app knows the record."""
    with _services(config) as services:
        person = _find_person(services, record_id)
        found = explanation_of(services, record_id, person)
    sentences = (
        "".join(part if isinstance(part, str) else human_time(part) for part in sentence)
        for sentence in found.sentences
    )
    click.echo(visible(" ".join(sentences)))
    if found.href:
        click.echo(f"{found.label}: {config.base_url}{found.href}")


def _find_person(services: Services, record_id: str) -> Person | None:
    """Return the person, or None if Attio cannot be asked, or has deleted a record that this app has sent."""
    with running(AppContext(services)):
        try:
            record = get_person(record_id)
        except AttioApiError:
            return None
        if record is None and rows_of(record_id) == (None, None):
            raise click.ClickException(f"There is no person with the record id {record_id}.")
    return to_person(record, {}, linked=False) if record else None


def catch_up_now(config: Config) -> None:
    """Reconcile the leads with ALC in this process, and print how many have changed. Raises: ClickException."""
    with _services(config) as services, running(AppContext(services)):
        reconcile_leads(services.settings.workspace_id)
        last = reconcile.last_reconciliation()
    if last is None or last.done_at is None or last.why:
        raise click.ClickException((last and last.why) or "Acme Lead Checker is not connected.")
    click.echo(f"ALC had new results for {last.news} leads." if last.news else "No webhook was missed.")


def reseal_secrets(config: Config) -> None:
    """Seal every secret with the first key, and print the result. Raises: ClickException, if a key is missing."""
    with _services(config) as services:
        done = rotate_keys(services.database, services.sealer)
    click.echo(f"Encrypted {done.resealed} secrets with the first key.")
    if done.undecryptable:
        advice = "Keep the old keys, add the missing key and run this again. Or disconnect and connect again."
        raise click.ClickException(
            "\n".join(["No configured key decrypts these secrets.", *done.undecryptable, advice])
        )
    click.echo("You can remove the older keys.")


def rotate_webhook_secrets(config: Config) -> None:
    """Give each webhook handler of ALC a new secret, and wait until a worker has told ALC. Raises: ClickException."""
    with _services(config) as services:
        try:
            connection_id = services.connections.usable_id(services.settings.workspace_id)
            handler_ids = services.webhook_handlers.rotate_secrets(connection_id)
            runs = [enqueue_rotation(services.engine, handler_id) for handler_id in handler_ids]
            told = [services.engine.wait_for_outcome(run_id, within=ROTATION_TIMEOUT) for run_id in runs]
        except AttioError as error:
            raise click.ClickException(error.message) from None
        except ServerFunctionTimeout:
            raise click.ClickException(f"{UNTOLD} Is a worker running?") from None
        except ServerFunctionError as error:
            raise click.ClickException(f"{UNTOLD} {error.message}") from None
    if failed := [each["error"]["message"] for each in told if "error" in each]:
        raise click.ClickException(f"{UNTOLD} {failed[0]}")
    click.echo(f"Webhooks at ALC with a new signing secret: {len(told)}.")


def list_dead_letters(config: Config, *, as_json: bool) -> None:
    """Print every dead letter."""
    with _services(config) as services:
        found = dead_letters.find(services)
    if as_json:
        click.echo(json.dumps({"dead_letters": [dead_letters.as_json(letter) for letter in found]}, indent=2))
        return
    for letter in found:
        told = " ".join(filter(None, (letter.text, letter.why, letter.caution)))
        click.echo(f"{click.style(letter.id, bold=True)}\n  {visible(told)}")
    click.echo("There are no dead letters." if not found else "Replay one: alc-app dead-letters replay ID")


def show_dead_letter(config: Config, letter_id: str, *, as_json: bool) -> None:
    """Print the fields of one dead letter."""
    with _services(config) as services, _not_replayed_as_click_error():
        shown = dead_letters.as_json(dead_letters.get(services, letter_id))
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for name, value in shown.items():
        if value not in (None, ""):
            click.echo(f"{name + ':':<12}{visible(str(value))}")


def replay_dead_letters(config: Config, letter_id: str | None, *, as_json: bool) -> None:
    """Replay one dead letter, or without an id all that need no person. Print what was done."""
    with _services(config) as services, _not_replayed_as_click_error():
        found = [] if letter_id else dead_letters.find(services)
        wanted = [letter_id] if letter_id else [each.id for each in found if not dead_letters.needs_person(each)]
        _print_done([{"id": each, "replayed": dead_letters.replay(services, each)} for each in wanted], as_json)


def dismiss_dead_letter(config: Config, letter_id: str, *, as_json: bool) -> None:
    """Remove one dead letter from the list, and print that."""
    with _services(config) as services, _not_replayed_as_click_error():
        dead_letters.dismiss(services, letter_id)
        _print_done([{"id": letter_id, "dismissed": f"Dismissed {letter_id}."}], as_json)


def _print_done(done: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"done": done}, indent=2))
        return
    for each in done:
        click.echo(visible(list(each.values())[1]))
    if not done:
        click.echo("No dead letter can be replayed without a decision.")


@contextmanager
def _services(config: Config) -> Iterator[Services]:
    """Yield the services, and close them. Raises: ClickException, if they cannot be opened."""
    from alc_app.app import app as manifest  # late, so that `--help` starts quickly

    logs.configure()
    try:
        services = Services(config, manifest)
    except (KeyMissing, DatabaseUnusable) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(reason(error)) from None
    try:
        yield services
    finally:
        services.close()


@contextmanager
def _not_replayed_as_click_error() -> Iterator[None]:
    try:
        yield
    except NotReplayed as error:
        raise click.ClickException(error.message) from None


def _print(report: Report) -> None:
    for result in report.checks:
        _print_check(result, click.echo)
    left = [entry for result in report.checks for entry in result.findings if not entry.mended]
    mendable = sum(entry.mendable for entry in left)
    if report.exit_code == OK:
        click.secho("No problems found.", fg="green", bold=True)
    elif mendable:
        click.echo(f"{mendable} of {len(left)} can be fixed. Run: {click.style(FIX, bold=True)}")


def _print_check(result: Result, echo: Callable[[str], None]) -> None:
    sign, colour = ("✓", "green") if result.ok else SIGNS[_worst(result)]
    echo(f"{click.style(sign, fg=colour)} {click.style(result.name, bold=not result.ok)}")
    for entry in result.findings:
        if entry.mended:
            echo(f"    {click.style('✓', fg='green')} {visible(entry.text)} {visible(entry.mended)}")
        else:
            echo(f"    {click.style('•', fg=SIGNS[entry.level][1])} {visible(entry.text)}")


def _worst(result: Result) -> str:
    left = {entry.level for entry in result.findings if not entry.mended}
    return next(level for level in SIGNS if level in left)
