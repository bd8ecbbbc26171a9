"""What all commands share: they print to any terminal, and say what is wrong in a sentence."""

import io
import sys
from typing import Any

import click

NEEDS_APP = 'The package {} is missing. This command needs the extra `app`: pip install "acme-lead-checker[app]"'


class AnyTerminal(click.Group):
    """Prints "?" for a sign that the encoding of the output lacks, such as a check mark in cp1252."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command. Without this the first such sign would end it with a traceback."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and say in a sentence that a package is not installed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            raise click.ClickException(NEEDS_APP.format(error.name)) from error


def reason(error: OSError) -> str:
    """Return what is wrong; for a file or a folder, its name and the settings to check."""
    if error.filename is None:
        return str(error)
    return f"{error.filename} cannot be used: {error.strerror}. Check ALC_APP_HOME and ALC_APP_DATABASE_URL."
