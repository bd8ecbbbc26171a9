"""`alc-app …`: the commands. Each imports what it needs when it runs, so that `--help` and the demo start at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from alc_app.config.settings import Config

Command = Callable[..., None]
OUTSIDE = ("url", "home", "database_url", "alc_url", "attio_url", "env")
"""The settings of whoever meets ALC and Attio."""
as_json = click.option("--json", "as_json", is_flag=True, help="for machines")


def settings(*names: str, beside: bool = False) -> Callable[[Command], Command]:
    """Give a command a flag for each of these settings; it is called with the `Config`, perhaps `beside` an app."""

    def decorate(command: Command) -> Command:
        def with_config(**given: Any) -> None:
            flags = {name: given.pop(name) for name in names}
            command(_config(flags, beside), **given)

        with_config.__name__, with_config.__doc__ = command.__name__, command.__doc__
        with_config.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click's own mark
        for name in reversed(names):
            field = Config.model_fields[name]
            flag = "--" + name.replace("_", "-")
            with_config = click.option(flag, default=None, help=f"{field.description} [{field.alias}]")(with_config)
        return with_config

    return decorate


def _config(flags: dict[str, Any], beside: bool) -> Config:
    from pydantic import ValidationError

    try:
        return Config.from_env(beside=beside, **flags)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise click.ClickException("These settings cannot be used.\n  " + "\n  ".join(lines)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Acme Lead Checker for Attio: the "SDK concepts" tutorial, made real.

    `alc-app demo` runs all of it on this machine. The other commands are its parts.
    """


@main.command()
@settings("port", "home", "alc_url", "mock_attio_port")
@click.option(
    "--decide-after",
    type=float,
    default=6.0,
    show_default=True,
    help="seconds until ALC has decided on a lead",
)
def demo(config: Config, decide_after: float) -> None:
    """Run everything here: the app's two processes, the Attio stand-in and the mock of ALC. Ctrl-C stops all."""
    from alc_app.cli.demo import run

    raise SystemExit(run(config, decide_after))


@main.command()
@settings("host", "port", "url", "home", "database_url", "alc_url", "attio_url", "env", "removal")
@click.option("--with-worker", is_flag=True, help="run the worker in the same process: for the smallest installations")
def serve(config: Config, with_worker: bool) -> None:
    """Run the web process: pages, record actions, OAuth and the door for webhooks."""
    from alc_app.cli.serve import run

    run(config, with_worker=with_worker)


@main.command()
@settings(*OUTSIDE, "removal", beside=True)
@click.option("--executor-id", default="", help="name of this worker; default: the first worker-N that nobody is")
def worker(config: Config, executor_id: str) -> None:
    """Run the worker: server functions, event handlers and webhook handlers, durably."""
    from alc_app.cli.serve import run_worker

    run_worker(config, executor_id)


@main.command()
@settings("home", "database_url")
def migrate(config: Config) -> None:
    """Bring the database up to date. On SQLite every start does it by itself; on Postgres this does, before a start."""
    from alc_app.runtime.migrations.schema import SchemaUnfit, migrate_all

    try:
        migrate_all(config, click.echo)
    except SchemaUnfit as error:
        raise click.ClickException(str(error)) from None


@main.command("mock-attio")
@settings("mock_attio_port", "home", "alc_status_type")
@click.option("--writes-per-second", type=int, default=25, show_default=True, help="limit as the real one's; 0 is none")
@click.option("--reads-per-second", type=int, default=100, show_default=True, help="limit as the real one's; 0 is none")
def mock_attio(config: Config, writes_per_second: int, reads_per_second: int) -> None:
    """Run the stand-in for Attio: REST under /v2, and /graphql."""
    from alc_app.cli.serve import run_mock_attio

    run_mock_attio(config, writes_per_second, reads_per_second)


@main.command("attio-token")
@settings("home")
def attio_token(config: Config) -> None:
    """Print the stand-in's token, for curl and other clients."""
    click.echo(config.stand_in_token)


@main.command("setup-attio")
@settings("attio_url", "home", "alc_status_type", beside=True)
def setup_attio(config: Config) -> None:
    """Check the token, and create the three attributes that the app writes when they are missing."""
    from alc_app.cli.setup_attio import SetupFailed, set_up

    try:
        set_up(config, click.echo)
    except SetupFailed as error:
        raise click.ClickException(str(error)) from None


@main.command()
@settings(*OUTSIDE, beside=True)
@click.option("--fix", is_flag=True, help="mend what can be mended, and look again")
@as_json
def doctor(config: Config, fix: bool, as_json: bool) -> None:
    """Look whether ALC, the CRM and everything here still agree, and say what does not, in sentences.

    \b
    exit code  meaning
    0          everything is in order
    1          something is not: see the sentences
    2          nothing wrong was found, but not everything could be checked
    """
    from alc_app.cli.doctor import examine

    raise SystemExit(examine(config, fix=fix, as_json=as_json))


@main.command()
@settings("url", "port", "home", "alc_url", beside=True)
@click.option("--auto", is_flag=True, help="do every step without asking")
@click.option("--start-over", is_flag=True, help="disconnect first, and forget what has been seen")
def tour(config: Config, auto: bool, start_over: bool) -> None:
    """Walk the tutorial at the running demo: each step is told, done after Enter, and what was seen of it is said."""
    from alc_app.cli.tour import run

    raise SystemExit(run(config, auto=auto, start_over=start_over))


@main.command("catch-up")
@settings(*OUTSIDE, beside=True)
def catch_up(config: Config) -> None:
    """Ask ALC now for every result that no webhook has told, and show it on the records."""
    from alc_app.cli.doctor import catch_up_now

    catch_up_now(config)


@main.command("rotate-keys")
@settings("home", "database_url")
def rotate_keys(config: Config) -> None:
    """Seal every stored secret with the first key, so that the older ones can be taken away.

    \b
    1. Put a new key before the old ones, separated by a comma: in ALC_APP_KEYS, or in sealing_key in the home.
    2. Start every process anew: all of them open what either key has sealed.
    3. Run this. It may be stopped at any moment, and run again.
    4. Take the old keys away, and start every process anew.
    """
    from alc_app.cli.doctor import seal_anew

    seal_anew(config)


@main.group("dead-letters")
def dead_letters() -> None:
    """Work that has ended in failure and that nothing tries again by itself: list it, replay it, dismiss it."""


@dead_letters.command("list")
@settings(*OUTSIDE, beside=True)
@as_json
def list_letters(config: Config, as_json: bool) -> None:
    """Name every dead letter, with its reason."""
    from alc_app.cli.doctor import list_letters

    list_letters(config, as_json=as_json)


@dead_letters.command("show")
@click.argument("letter_id", metavar="ID")
@settings(*OUTSIDE, beside=True)
@as_json
def show_letter(config: Config, letter_id: str, as_json: bool) -> None:
    """Tell everything about one."""
    from alc_app.cli.doctor import show_letter

    show_letter(config, letter_id, as_json=as_json)


@dead_letters.command("replay")
@click.argument("letter_id", metavar="[ID]", required=False)
@settings(*OUTSIDE, beside=True)
@click.option("--all", "all_of_them", is_flag=True, help="every one that can be tried again by machine")
@as_json
def replay_letters(config: Config, letter_id: str | None, all_of_them: bool, as_json: bool) -> None:
    """Have one tried again, or all that can be."""
    from alc_app.cli.doctor import replay_letters

    if bool(letter_id) == all_of_them:
        raise click.UsageError("Name one dead letter, or say --all.")
    replay_letters(config, letter_id, as_json=as_json)


@dead_letters.command("dismiss")
@click.argument("letter_id", metavar="ID")
@settings(*OUTSIDE, beside=True)
@as_json
def dismiss_letter(config: Config, letter_id: str, as_json: bool) -> None:
    """Take one off the list for good; nothing else is changed."""
    from alc_app.cli.doctor import dismiss_letter

    dismiss_letter(config, letter_id, as_json=as_json)
