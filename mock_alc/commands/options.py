"""What several commands share: how they are listed, and options for a secret, headers and a body."""

import os
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, TypeVar

import click

from mock_alc.signing.dialects import DIALECTS, STANDARD_WEBHOOKS, Dialect

F = TypeVar("F", bound=Callable[..., Any])


class Commands(click.Group):
    """Lists each command with its whole first sentence; click itself ends it with the line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands below the options."""
        with formatter.section("Commands"):
            names = self.list_commands(ctx)
            formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=500)) for name in names])


def as_utf8(argument: str) -> str:
    """Return an argument of the command line decoded as UTF-8, however the locale decoded it.

    Bytes that are not UTF-8 stay as surrogate escapes, from which `body_of` restores them.
    """
    try:
        return os.fsencode(argument).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # It did not come from the command line of this process.
        return argument


def as_text(argument: str) -> str:
    """Return an argument as text that can be encoded: bytes that are not UTF-8 become replacement characters."""
    return as_utf8(argument).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def as_text_option(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
    """Apply `as_text` to the value or values of an option; the environment's are decoded by the locale too."""
    if isinstance(value, tuple):
        return tuple(as_text(one) for one in value)
    return value if value is None else as_text(value)


secret_option = click.option(
    "--secret",
    required=True,
    envvar="WEBHOOK_SECRET",
    callback=as_text_option,
    show_envvar=True,
    help="The webhook's signing secret. The variable hides it from the process list.",
)
other_secret_option = click.option(
    "--other-secret",
    multiple=True,
    callback=as_text_option,
    help="Another secret to try; may be repeated.",
)
dialect_option = click.option(
    "--dialect",
    type=click.Choice(list(DIALECTS)),
    default=STANDARD_WEBHOOKS.name,
    show_default=True,
    callback=lambda _context, _option, name: DIALECTS[name],
    help="The sender of the webhooks.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def body_options(command: F) -> F:
    """Add `--body FILE` and `--data TEXT`."""
    command = click.option("--data", help="The body as text, used as it is, without a trailing newline.")(command)
    what = "File with the raw body; - reads standard input."
    return click.option("--body", "body_file", type=click.File("rb"), help=what)(command)


def signed_request_options(command: F) -> F:
    """Add options for the headers of a delivery, one by one or as lines, and for its body."""
    command = body_options(command)
    for role in ("signature", "timestamp", "id"):
        what = f"The {role}, as in the header {STANDARD_WEBHOOKS.header_names[role]}."
        command = click.option(f"--{role}", role, callback=as_text_option, help=what)(command)
    line = "A header, as 'Name: value'; may be repeated."
    return click.option("-H", "--header", "lines", multiple=True, callback=as_text_option, help=line)(command)


def body_of(body_file: BinaryIO | None, data: str | None) -> bytes:
    """Return the body that was given; raises UsageError unless it was given exactly once."""
    if body_file is not None and data is None:
        return body_file.read()
    if data is not None and body_file is None:
        return data.encode("utf-8", "surrogateescape")
    raise click.UsageError("Give the body once: --body FILE, --body - for standard input, or --data TEXT.")


def headers_of(lines: tuple[str, ...], dialect: Dialect, **roles: str | None) -> dict[str, str]:
    """Return the headers given as lines, and over them those given by their role; raises UsageError."""
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise click.UsageError(f"Write a header as 'Name: value', not as {line!r}.")
        found[name] = value.removeprefix(" ")
    given = {role: value for role, value in roles.items() if value is not None}
    require_headers(dialect, given)
    return found | {dialect.header_names[role]: value for role, value in given.items()}


def require_headers(dialect: Dialect, roles: Iterable[str]) -> None:
    """Raise UsageError if the dialect has no header for one of the roles."""
    for role in roles:
        if role not in dialect.header_names:
            raise click.UsageError(f"{dialect.sender} sends no header for the {role}: leave --{role} out.")
