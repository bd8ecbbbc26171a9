"""A group of commands that can print to any terminal."""

import io
import sys
from typing import Any

import click


class AnyTerminal(click.Group):
    """Prints "?" for a sign that the encoding of the output lacks, such as a check mark in cp1252."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command. Without this the first such sign would end it with a traceback."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().main(*args, **kwargs)
