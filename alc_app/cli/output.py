"""What all commands share: they print to any terminal, and say what is wrong in a sentence."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

NEEDS_APP = 'The package {} is missing. This command needs the extra `app`: pip install "acme-lead-checker[app]"'


class Commands(click.Group):
    """Lists each command with its whole first sentence; click itself ends it with the line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands below the options."""
        with formatter.section("Commands"):
            names = self.list_commands(ctx)
            formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=500)) for name in names])


class AnyTerminal(Commands):
    """Prints "?" for a sign that the encoding of the output lacks, such as a check mark in cp1252."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command. Without this the first such sign would end it with a traceback."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Say in a sentence that a package is not installed, or that a database cannot be used."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            raise click.ClickException(NEEDS_APP.format(error.name)) from error
        except click.UsageError:
            raise
        except click.ClickException as error:
            raise click.ClickException(harmless(error.format_message())) from error
        except Exception as error:
            if sentence := _about_database(error):
                raise click.ClickException(sentence) from error
            raise


@contextmanager
def listening(who: str, host: str, port: int) -> Iterator[None]:
    """Say in a sentence why somebody cannot listen there, such as a port that is taken. Raises: ClickException."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        raise click.ClickException(f"{who} cannot listen at {host}, port {port}: {why}.") from error


def harmless(text: str) -> str:
    """Return lines that a terminal prints and does not obey, whatever ALC, Attio or a person in the CRM has written."""
    from alc_app.runtime.observability.logs import visible

    return "\n".join(map(visible, text.split("\n")))


def reason(error: OSError) -> str:
    """Return what is wrong; for a file or a folder, its name and the settings to check."""
    if error.filename is None:
        return str(error)
    return f"{error.filename} cannot be used: {error.strerror}. Check ALC_APP_HOME and ALC_APP_DATABASE_URL."


def _about_database(error: Exception) -> str:
    """Return what is wrong with a database; empty if this is no error of one."""
    if "sqlalchemy" not in sys.modules:  # nor is it worth loading it for a wrong flag
        return ""
    from sqlalchemy.exc import DBAPIError

    from alc_app.runtime.storage.database import DatabaseUnusable, explain

    if isinstance(error, DBAPIError):
        return explain(error)
    return str(error) if isinstance(error, DatabaseUnusable) else ""
