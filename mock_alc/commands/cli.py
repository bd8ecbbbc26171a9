"""`mock-alc` and its command `serve`. Imports are made inside the functions, so that `--help` is fast."""

import gc
import io
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from mock_alc.commands import grade, signatures
from mock_alc.commands.draw import draw
from mock_alc.commands.listen import listen
from mock_alc.commands.options import Commands, as_utf8
from mock_alc.commands.scenario import scenario
from mock_alc.commands.schema import schema
from mock_alc.commands.serve_help import SERVE_HELP
from mock_alc.commands.storm import storm, story
from mock_alc.commands.trigger import trigger
from mock_alc.double.stop_signals import STOPS, on_stop_signal

if TYPE_CHECKING:
    from mock_alc.config import Config
    from mock_alc.server import MockAlc


class AnyTerminal(Commands):
    """A group of commands that works where the locale's encoding lacks characters, such as `LC_ALL=C`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments as UTF-8, whatever the locale; let output show `?` for what its encoding lacks."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
                stream.reconfigure(errors="replace")
        return super().parse_args(ctx, [as_utf8(argument) for argument in args])


@click.group(cls=AnyTerminal, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acme-lead-checker")
def main() -> None:
    """Acme Lead Checker, played by a mock: an OAuth server, a leads API, webhooks and an SMS agent."""


for command in (
    signatures.sign,
    signatures.verify,
    signatures.explain,
    grade.grade,
    grade.grade_sender,
    draw,
    listen,
    schema,
    trigger,
):
    main.add_command(command)


@main.command(help=SERVE_HELP)
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one. [default: 8001]")
@click.option("--url", help="Base URL of the mock and OAuth issuer. [default: from host and port]")
@click.option("--home", help="Folder for the database file and the key. [default: none; data stays in memory]")
@click.option("--database-url", help="A SQLite file or Postgres. [default: a file in the home, else memory]")
@click.option(
    "--control/--no-control", default=None, help="Open the control API /_mock to this machine. [default: closed]"
)
@click.option("--decide-after", type=float, help="Seconds from a lead to the agent's decision. [default: 6]")
@click.option("--client-id", help="OAuth client to create at start.")
@click.option("--redirect-uris", help="Its redirect URIs, separated by commas.")
@click.option("--retry-schedule", help="Seconds before each delivery attempt, separated by commas.")
@click.option(
    "--allow-loopback-targets/--no-loopback-targets",
    default=None,
    help="Allow webhooks that point at this machine. [default: when listening on loopback]",
)
def serve(**flags: Any) -> None:
    """Run the mock until Ctrl-C; the text of `--help` is in `serve_help.py`."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for number in STOPS:  # The start may wait for a database that does not answer.
        signal.signal(number, lambda *_: sys.exit(0))
    mock = _start({name: value for name, value in flags.items() if value is not None})
    stop = threading.Event()
    with on_stop_signal(stop.set):
        click.echo(_banner(mock))
        stop.wait()
        mock.close()


main.add_command(scenario)
main.add_command(storm)
main.add_command(story)


def _start(flags: dict[str, Any]) -> "MockAlc":
    # Imports take most of the start-up time. Garbage collection would slow them down and find nothing.
    gc.disable()
    try:
        return _import_and_start(flags)
    finally:
        gc.freeze()  # Exclude the modules just loaded from later collections: they stay in memory.
        gc.enable()


def _import_and_start(flags: dict[str, Any]) -> "MockAlc":
    from pydantic import ValidationError

    from mock_alc.base.sealing import KeyUnusable
    from mock_alc.config import Config
    from mock_alc.server import MockAlc

    try:
        config = Config(**flags)
    except ValidationError as error:
        raise click.UsageError("\n".join(_sentence(problem) for problem in error.errors())) from error
    try:
        return MockAlc(config, access_log=True)
    except KeyUnusable as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"The server could not start. {_reason(error)}.") from error
    except Exception as error:
        if refusal := _refusal(error, config):
            raise refusal from error
        raise


def _reason(error: OSError) -> str:
    """Return what is wrong with an address, or with a file of the home, without a full stop."""
    if error.filename is None:
        return str(error.strerror or error)
    return f"{error.filename} cannot be used: {error.strerror}. Check MOCK_ALC_HOME and MOCK_ALC_DATABASE_URL"


def _refusal(error: Exception, config: "Config") -> click.ClickException | None:
    """Return the sentence for a setting that only the start can check; None for any other error."""
    # Imported here, because the port is opened before anything heavy is loaded.
    from sqlalchemy.exc import DBAPIError

    from mock_alc.oauth.clients import UnusableRedirectUri

    if isinstance(error, UnusableRedirectUri):
        return click.UsageError(f"MOCK_ALC_REDIRECT_URIS: {error}")
    if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
        return click.ClickException('Postgres needs a driver, which is not installed: pip install "psycopg[binary]"')
    if isinstance(error, DBAPIError):
        file = config.database.removeprefix("sqlite:///")
        what = f"The database file {file}" if file != config.database else "The database"
        reason = str(error.orig).strip().partition("\n")[0]
        return click.ClickException(f"{what} cannot be used: {reason}. Check MOCK_ALC_HOME and MOCK_ALC_DATABASE_URL.")
    return None


def _sentence(problem: Any) -> str:
    """Return one validation error as a line: which setting, and what is wrong with it."""
    where = ".".join(str(part) for part in problem["loc"])
    what = str(problem["msg"]).removeprefix("Value error, ")
    return f"MOCK_ALC_{where.upper()}: {what}" if where else what


def _banner(mock: "MockAlc") -> str:
    from mock_alc.config import DEMO_PASSWORD

    config, url = mock.config, mock.url
    sign_in = config.demo_email
    if config.demo_password.get_secret_value() == DEMO_PASSWORD:
        sign_in += f" / {DEMO_PASSWORD}"
    control = f"{url}/_mock is open to this machine" if config.control else "closed; open it with --control"
    targets = "may point at this machine" if config.loopback_targets_allowed else "public https addresses only"
    database = mock.services.database
    rows = {
        "console": f"{url}/   sign in as {sign_in}",
        "OAuth": f"{url}/.well-known/oauth-authorization-server",
        "client": config.client_id or "none; create one with --client-id",
        "API": f"{url}/api/v1/leads and {url}/api/v1/webhooks",
        "control": control,
        "webhooks": targets,
        "database": "in memory" if database.in_memory else database.url.render_as_string(hide_password=True),
    }
    return "\n".join([f"Acme Lead Checker (mock) is at {url}", *(f"  {name:<10} {row}" for name, row in rows.items())])
