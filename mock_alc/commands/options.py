"""Options that several commands share: a secret, headers, a body."""

import os
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


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


def _as_text(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
    """Apply `as_text` to the value or values of an option; the environment's are decoded by the locale too."""
    if isinstance(value, tuple):
        return tuple(as_text(one) for one in value)
    return value if value is None else as_text(value)


secret_option = click.option(
    "--secret",
    required=True,
    envvar="WEBHOOK_SECRET",
    callback=_as_text,
    show_envvar=True,
    help="The webhook's signing secret, whsec_…; the variable keeps it out of the list of processes.",
)
other_secret_option = click.option(
    "--other-secret",
    multiple=True,
    callback=_as_text,
    help="Another secret that it may have been; as often as needed.",
)
message_id_option = click.option("--id", "message_id", callback=_as_text, help="The webhook-id. [default: a new one]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def body_options(command: F) -> F:
    """Add `--body FILE` and `--data TEXT`."""
    command = click.option("--data", help="The body as a text, byte by byte: no newline is added.")(command)
    what = "File that holds the raw body; - reads it from standard input."
    return click.option("--body", "body_file", type=click.File("rb"), help=what)(command)


def signed_request_options(command: F) -> F:
    """Add options for the headers of a delivery, one by one or as lines, and for its body."""
    command = body_options(command)
    for name in ("signature", "timestamp", "id"):
        command = click.option(f"--{name}", f"webhook_{name}", callback=_as_text, help=f"The header webhook-{name}.")(
            command
        )
    line = "A header as a line, 'Name: value'; as often as needed."
    return click.option("-H", "--header", "lines", multiple=True, callback=_as_text, help=line)(command)


def body_of(body_file: BinaryIO | None, data: str | None) -> bytes:
    """Return the body that was given; raises UsageError unless it was given exactly once."""
    if (body_file is None) == (data is None):
        raise click.UsageError("Give the body once: --body FILE, --body - for standard input, or --data TEXT.")
    return data.encode("utf-8", "surrogateescape") if data is not None else body_file.read()  # type: ignore[union-attr]


def headers_of(lines: tuple[str, ...], **named: str | None) -> dict[str, str]:
    """Return the headers given as lines, and over them those given by their own option; raises UsageError."""
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise click.UsageError(f"A header is written as 'Name: value', not as {line!r}.")
        found[name] = value.removeprefix(" ")
    return found | {name.replace("_", "-"): value for name, value in named.items() if value is not None}
