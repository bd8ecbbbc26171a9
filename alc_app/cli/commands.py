"""The commands of `alc-app`. Each imports what it needs when it runs, so that `--help` and the demo start quickly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from alc_app.cli.output import AnyTerminal, reason
from alc_app.config.secret_files import SecretFileError
from alc_app.config.settings import Config

Command = Callable[..., None]
ADDRESSES_AND_STORES = ("url", "home", "database_url", "alc_url", "attio_url", "env")
"""The settings of commands that open the stores and call ALC and Attio."""
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
DOCTOR_EXIT_CODES = """\b
exit code  meaning
0          everything is in order
1          something is not in order: see the report
2          nothing wrong was found, but not everything could be checked
"""
ROTATION_STEPS = """\b
1. Put a new key before the old ones, separated by a comma: in ALC_APP_KEYS, or in the file sealing_key in the home.
2. Restart every process. Each can now open what any of the keys has sealed.
3. Run this command. You may stop it at any moment and run it again.
4. Remove the old keys, and restart every process.
"""


def settings(*names: str, saved_addresses: bool = False) -> Callable[[Command], Command]:
    """Give a command a flag for each of these settings, and call it with the `Config` as its first argument.

    With `saved_addresses`, the command takes addresses that are not given from the app that runs in the same home.
    """

    def decorate(command: Command) -> Command:
        def with_config(**given: Any) -> None:
            flags = {name: given.pop(name) for name in names}
            try:
                command(_config(flags, saved_addresses), **given)
            except OSError as error:
                if error.filename is None and not isinstance(error, SecretFileError):
                    raise
                raise click.ClickException(reason(error)) from None

        with_config.__name__, with_config.__doc__ = command.__name__, command.__doc__
        with_config.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click's own mark
        for name in reversed(names):
            field = Config.model_fields[name]
            flag = "--" + name.replace("_", "-")
            with_config = click.option(
                flag, default=None, is_flag=field.annotation is bool, help=f"{field.description} [{field.alias}]"
            )(with_config)
        return with_config

    return decorate


def _config(flags: dict[str, Any], saved_addresses: bool) -> Config:
    from pydantic import ValidationError

    try:
        return Config.from_env(saved_addresses=saved_addresses, **flags)
    except ValidationError as error:
        lines = [_sentence(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise click.ClickException("These settings cannot be used.\n  " + "\n  ".join(lines)) from None


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    """Return what is wrong with a setting. Our own messages name it themselves."""
    own = message.removeprefix("Value error, ")
    return own if own != message else f"{'.'.join(map(str, place))}: {message}"


@click.group(cls=AnyTerminal, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Acme Lead Checker for Attio: the "SDK concepts" tutorial, made real.

    `alc-app demo` runs everything on this machine. The other commands run its parts.
    """


@main.command()
@settings("port", "home", "alc_url", "mock_attio_port")
@click.option(
    "--decide-after",
    type=float,
    default=6.0,
    show_default=True,
    help="Seconds from a lead to the decision of ALC's agent.",
)
@click.option("--sign-in", is_flag=True, help="Have people sign in, at a provider of the demo: an admin and a member.")
@click.option("--provider-port", type=int, default=8003, show_default=True, help="Port of that provider.")
def demo(config: Config, decide_after: float, sign_in: bool, provider_port: int) -> None:
    """Run everything on this machine, until Ctrl-C.

    Everything is the web process, the worker, the Attio stand-in and the mock of ALC.
    """
    from alc_app.cli.demo import run

    raise SystemExit(run(config, decide_after, provider_port if sign_in else None))


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
    """Migrate the database. Run it before a start on Postgres; on SQLite every start does it by itself."""
    from alc_app.runtime.migrations.schema import DatabaseUnusable, migrate_all

    try:
        migrate_all(config, click.echo)
    except DatabaseUnusable as error:
        raise click.ClickException(str(error)) from None


@main.command("mock-attio")
@settings("mock_attio_port", "home", "alc_status_type", "mock_attio_control")
@click.option(
    "--writes-per-second", type=int, default=25, show_default=True, help="Rate limit of writes, as Attio's; 0 for none."
)
@click.option(
    "--reads-per-second", type=int, default=100, show_default=True, help="Rate limit of reads, as Attio's; 0 for none."
)
def mock_attio(config: Config, writes_per_second: int, reads_per_second: int) -> None:
    """Run the stand-in for Attio: REST under /v2, and /graphql."""
    from alc_app.cli.serve import run_mock_attio

    run_mock_attio(config, writes_per_second, reads_per_second)


@main.command("mock-provider")
@settings("url", "port")
def mock_provider(config: Config) -> None:
    """Run the demo's OpenID Connect provider, at which anybody may be one of two people.

    It listens at ALC_APP_OIDC_ISSUER, on this machine only, and knows the client of the settings.
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

    Check the token's scopes, and create those attributes that the app needs and that are missing.
    """
    from alc_app.cli.setup_attio import SetupFailed, set_up

    try:
        set_up(config, click.echo)
    except SetupFailed as error:
        raise click.ClickException(str(error)) from None


@main.command(epilog=DOCTOR_EXIT_CODES)
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@click.option("--fix", is_flag=True, help="Repair what can be repaired, then check again.")
@AS_JSON
def doctor(config: Config, fix: bool, as_json: bool) -> None:
    """Check whether ALC, the CRM and this app agree. Each difference is reported in a sentence."""
    from alc_app.cli.doctor import run_doctor

    raise SystemExit(run_doctor(config, fix=fix, as_json=as_json))


@main.command()
@settings("url", "port", "home", "alc_url", saved_addresses=True)
@click.option("--auto", is_flag=True, help="Do every step without asking.")
@click.option("--start-over", is_flag=True, help="Disconnect and reset the tutorial first.")
def tour(config: Config, auto: bool, start_over: bool) -> None:
    """Walk through the tutorial at the running demo.

    The tour explains each step, does it after Enter, and says what happened. A new tour continues where the last ended.
    """
    from alc_app.cli.tour import run

    raise SystemExit(run(config, auto=auto, start_over=start_over))


@main.command("catch-up")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
def catch_up(config: Config) -> None:
    """Ask ALC now for results that no webhook has delivered. Each is written to its record."""
    from alc_app.cli.doctor import catch_up_now

    catch_up_now(config)


@main.command("rotate-keys", epilog=ROTATION_STEPS)
@settings("home", "database_url")
def rotate_keys(config: Config) -> None:
    """Seal every stored secret with the first key. The older keys can then be removed."""
    from alc_app.cli.doctor import reseal_secrets

    reseal_secrets(config)


@main.command("rotate-secrets")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
def rotate_secrets(config: Config) -> None:
    """Replace the signing secrets of the webhooks at ALC.

    Each webhook handler gets a new secret, and a running worker tells ALC. The previous secret is accepted until ALC no
    longer signs with it, so no delivery is lost. You may stop this command at any moment and run it again.
    """
    from alc_app.cli.doctor import rotate_webhook_secrets

    rotate_webhook_secrets(config)


@main.group("dead-letters")
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
@click.option("--all", "replay_all", is_flag=True, help="Replay every dead letter that needs no person.")
@AS_JSON
def replay_dead_letters(config: Config, letter_id: str | None, replay_all: bool, as_json: bool) -> None:
    """Try one dead letter again, or with --all every one that can be."""
    from alc_app.cli.doctor import replay_dead_letters

    if bool(letter_id) == replay_all:
        raise click.UsageError("Name one dead letter, or say --all.")
    replay_dead_letters(config, letter_id, as_json=as_json)


@dead_letters.command("dismiss")
@click.argument("letter_id", metavar="ID")
@settings(*ADDRESSES_AND_STORES, saved_addresses=True)
@AS_JSON
def dismiss_dead_letter(config: Config, letter_id: str, as_json: bool) -> None:
    """Remove one dead letter from the list for good. Nothing else changes."""
    from alc_app.cli.doctor import dismiss_dead_letter

    dismiss_dead_letter(config, letter_id, as_json=as_json)
