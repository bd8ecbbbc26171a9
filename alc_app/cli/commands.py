"""The commands of `alc-app`. Each imports what it needs when it runs, so that `--help` and the demo start quickly."""

from __future__ import annotations

import click

from alc_app.cli.options import settings
from alc_app.cli.output import AnyTerminal, Commands, harmless
from alc_app.config.settings import Config

ADDRESSES_AND_STORES = ("url", "home", "database_url", "alc_url", "attio_url", "env")
"""The settings of commands that open the stores and call ALC and Attio."""
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
DOCTOR_EXIT_CODES = """\b
exit code  meaning
0          no problems found
1          problems found: see the report
2          no problems found, but some checks could not run
"""
COMPARE_EXIT_CODES = """\b
exit code  meaning
0          no difference
1          there are differences: see the report
2          no comparison was made
"""
ROTATION_STEPS = """\b
1. Put a new key before the old ones, separated by a comma: in ALC_APP_KEYS, or in the file sealing_key in the home.
2. Restart every process. Each can now decrypt secrets of every key.
3. Run this command. You can stop it and run it again at any time.
4. Remove the old keys, and restart every process.
"""


@click.group(cls=AnyTerminal, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acme-lead-checker")
def main() -> None:
    """Acme Lead Checker for Attio: the "SDK concepts" tutorial, made real.

    `alc-app demo` runs everything on this machine. The other commands run its parts.
    """


@main.command()
@settings("port", "home", "alc_url", "mock_attio_port")
@click.option(
    "--decide-after",
    type=click.FloatRange(0, 86_400),
    default=6.0,
    show_default=True,
    help="Seconds from a lead to the decision of ALC's agent.",
)
@click.option("--sign-in", is_flag=True, help="Require a sign-in, with the demo's own provider: an admin and a member.")
@click.option(
    "--provider-port",
    type=click.IntRange(1, 65_535),
    default=8003,
    show_default=True,
    help="Port of the demo's sign-in provider.",
)
@click.option("--logs", is_flag=True, help="Show what every server logs. It is always in demo.log, in the home.")
def demo(config: Config, decide_after: float, sign_in: bool, provider_port: int, logs: bool) -> None:
    """Run everything on this machine, until Ctrl-C.

    It starts the web process, the worker, the Attio stand-in and the mock of ALC.
    """
    from alc_app.cli.demo import run

    raise SystemExit(run(config, decide_after, provider_port if sign_in else None, show_logs=logs))


@main.command()
@settings("host", "port", "url", "home", "database_url", "alc_url", "attio_url", "env", "removal")
@click.option("--with-worker", is_flag=True, help="Run the worker in the same process, for small installations.")
def serve(config: Config, with_worker: bool) -> None:
    """Run the web process. It serves the pages, record actions, OAuth and the webhook endpoints."""
    from alc_app.cli.serve import run

    run(config, with_worker=with_worker)


@main.command()
@settings(*ADDRESSES_AND_STORES, "removal", saved_addresses=True)
@click.option(
    "--executor-id",
    default="",
    help="Name of this worker; by default the first of worker-0, worker-1, … that no other worker has.",
)
def worker(config: Config, executor_id: str) -> None:
    """Run the worker. It runs server functions, event handlers and webhook handlers durably."""
    from alc_app.cli.serve import run_worker

    run_worker(config, executor_id)


@main.command()
@settings("home", "database_url")
def migrate(config: Config) -> None:
    """Migrate the database. On Postgres, run it before you start the app. On SQLite, every start migrates by itself."""
    from alc_app.runtime.migrations.schema import migrate_all

    migrate_all(config, click.echo)


@main.command("mock-attio")
@settings(
    "mock_attio_port", "home", "alc_status_type", "mock_attio_control", "mock_attio_writes_per_second",
    "mock_attio_reads_per_second",
)  # fmt: skip
def mock_attio(config: Config) -> None:
    """Run the stand-in for Attio: REST under /v2, and /graphql."""
    from alc_app.cli.serve import run_mock_attio

    run_mock_attio(config)


@main.command("mock-provider")
@settings("url", "port")
def mock_provider(config: Config) -> None:
    """Run the demo's OpenID Connect provider. Anyone can sign in as one of two people.

    It listens at ALC_APP_OIDC_ISSUER, on this machine only, for the client in the settings.
    """
    from alc_app.cli.serve import run_mock_provider

    run_mock_provider(config)


@main.command("attio-token")
@settings("home")
def attio_token(config: Config) -> None:
    """Print the stand-in's token, for curl and other clients."""
    click.echo(config.stand_in_token)


@main.command("setup-attio")
@settings("attio_url", "home", "alc_status_type", saved_addresses=True)
def setup_attio(config: Config) -> None:
    """Prepare a workspace in Attio.

    Check the token's scopes, and create the attributes that the app needs.
    """
    from alc_app.cli.setup_attio import SetupFailed, set_up

    try:
        set_up(config, lambda text: click.echo(harmless(text)))
    except SetupFailed as error:
        raise click.ClickException(str(error)) from None


@main.command("compare-attio", epilog=COMPARE_EXIT_CODES)
@settings("attio_url")
@click.option("--yes", is_flag=True, help="Do not ask before creating and deleting marked records in the workspace.")
@click.option("--save", is_flag=True, help="Save the result next to the stand-in, to commit it.")
@AS_JSON
def compare_attio(config: Config, yes: bool, save: bool, as_json: bool) -> None:
    """Make the same calls at a real workspace in Attio and at the stand-in, and show the differences.

    Set ATTIO_API_TOKEN to a token of the workspace. The calls create a person, a note, a task and a webhook, each
    marked, and delete them. Without a token the command calls only the stand-in.
    """
    from alc_app.cli.compare_attio.command import run

    raise SystemExit(run(config, yes=yes, save_it=save, as_json=as_json))


@main.command(epilog=DOCTOR_EXIT_CODES)
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@click.option("--fix", is_flag=True, help="Repair what can be repaired, then check again.")
@AS_JSON
def doctor(config: Config, fix: bool, as_json: bool) -> None:
    """Check whether ALC, the CRM and this app agree. The report has a sentence for each difference."""
    from alc_app.cli.doctor import run_doctor

    raise SystemExit(run_doctor(config, fix=fix, as_json=as_json))


@main.command()
@click.argument("record_id", metavar="RECORD")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
def why(config: Config, record_id: str) -> None:
    """Explain the ALC status of a person, by the id of the record: what happened, and what happens next."""
    from alc_app.cli.doctor import explain_record

    explain_record(config, record_id)


@main.command()
@settings("url", "port", "home", "alc_url", saved_addresses=True)
@click.option("--auto", is_flag=True, help="Do every step without asking.")
@click.option("--start-over", is_flag=True, help="Disconnect and reset the tutorial first.")
def tour(config: Config, auto: bool, start_over: bool) -> None:
    """Walk through the tutorial at the running demo.

    The tour explains each step, does it after Enter, and says what happened. A new tour continues where the last
    one ended.
    """
    from alc_app.cli.tour import run

    raise SystemExit(run(config, auto=auto, start_over=start_over))


@main.command("catch-up")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
def catch_up(config: Config) -> None:
    """Ask ALC now for results that no webhook delivered, and write them to their records."""
    from alc_app.cli.doctor import catch_up_now

    catch_up_now(config)


@main.command("rotate-keys", epilog=ROTATION_STEPS)
@settings("home", "database_url")
def rotate_keys(config: Config) -> None:
    """Encrypt every stored secret with the first key. You can then remove the older keys."""
    from alc_app.cli.doctor import reseal_secrets

    reseal_secrets(config)


@main.command("rotate-secrets")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
def rotate_secrets(config: Config) -> None:
    """Replace the signing secrets of the webhooks at ALC.

    Each webhook handler gets a new secret, and a running worker tells ALC. The app accepts the previous secret
    until ALC no longer signs with it, so no delivery is lost. You can stop this command and run it again at any
    time.
    """
    from alc_app.cli.doctor import rotate_webhook_secrets

    rotate_webhook_secrets(config)


@main.group("dead-letters", cls=Commands)
def dead_letters() -> None:
    """List, replay or dismiss work that has failed for good."""


@dead_letters.command("list")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@AS_JSON
def list_dead_letters(config: Config, as_json: bool) -> None:
    """List every dead letter with its reason."""
    from alc_app.cli.doctor import list_dead_letters

    list_dead_letters(config, as_json=as_json)


@dead_letters.command("show")
@click.argument("letter_id", metavar="ID")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@AS_JSON
def show_dead_letter(config: Config, letter_id: str, as_json: bool) -> None:
    """Show all fields of one dead letter."""
    from alc_app.cli.doctor import show_dead_letter

    show_dead_letter(config, letter_id, as_json=as_json)


@dead_letters.command("replay")
@click.argument("letter_id", metavar="[ID]", required=False)
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@click.option("--all", "replay_all", is_flag=True, help="Replay every dead letter that needs no decision.")
@AS_JSON
def replay_dead_letters(config: Config, letter_id: str | None, replay_all: bool, as_json: bool) -> None:
    """Replay one dead letter, or with --all every one that needs no decision."""
    from alc_app.cli.doctor import replay_dead_letters

    if bool(letter_id) == replay_all:
        raise click.UsageError("Give the id of a dead letter, or --all.")
    replay_dead_letters(config, letter_id, as_json=as_json)


@dead_letters.command("dismiss")
@click.argument("letter_id", metavar="ID")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@AS_JSON
def dismiss_dead_letter(config: Config, letter_id: str, as_json: bool) -> None:
    """Remove one dead letter from the list. This changes nothing else."""
    from alc_app.cli.doctor import dismiss_dead_letter

    dismiss_dead_letter(config, letter_id, as_json=as_json)
