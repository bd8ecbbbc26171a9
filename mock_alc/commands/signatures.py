"""`mock-alc sign`, `verify` and `explain`: signatures by hand, in any dialect."""

import json
import shlex
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from mock_alc.commands.options import (
    as_text_option,
    body_of,
    body_options,
    dialect_option,
    headers_of,
    json_option,
    other_secret_option,
    require_headers,
    secret_option,
    signed_request_options,
)

if TYPE_CHECKING:
    from mock_alc.signing.dialects import Dialect
    from mock_alc.signing.explanation import Explanation

now_option = click.option("--now", type=float, help="Unix time to compare the timestamp with. [default: now]")
tolerance_option = click.option(
    "--tolerance", type=int, help="Seconds that the timestamp may be off. [default: 300, if the dialect sends one]"
)

SIGN_HELP = """Sign a body and print the headers.

\b
mock-alc sign --secret whsec_… --data '{"record_id":"1","status":"Complete"}'
mock-alc sign --secret whsec_… --body body.json --curl http://127.0.0.1:5000/hook | sh
mock-alc sign --dialect attio --secret 0123… --body body.json
"""


@click.command(help=SIGN_HELP)
@dialect_option
@secret_option
@body_options
@click.option("--id", "message_id", callback=as_text_option, help="The id of the message. [default: a new one]")
@click.option("--timestamp", type=int, help="The timestamp, in Unix seconds. [default: now]")
@click.option("--curl", "url", metavar="URL", help="Print a curl command that posts the signed body to this URL.")
@json_option
def sign(
    *, dialect: "Dialect", secret: str, body_file: BinaryIO | None, data: str | None, message_id: str | None,
    timestamp: int | None, url: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Print the headers of a signed delivery."""
    from mock_alc.signing import signatures
    from mock_alc.signing.standard_webhooks import UnusableSecret

    body = body_of(body_file, data)
    require_headers(dialect, ["id"] if message_id is not None else [])
    require_headers(dialect, ["timestamp"] if timestamp is not None and not dialect.timestamp_prefix else [])
    try:
        headers = signatures.sign(dialect.name, secret, body, message_id=message_id, timestamp=timestamp)
    except UnusableSecret as problem:
        raise click.BadParameter(str(problem), param_hint="--secret") from problem
    if as_json:
        click.echo(json.dumps(headers))
    elif url:
        click.echo(_curl(url, headers, body).encode())  # As bytes: the terminal's encoding must not change the body.
    else:
        click.echo("\n".join(f"{name}: {value}" for name, value in headers.items()))


VERIFY_HELP = """Verify a delivery: exit code 0 when it is signed and fresh, 1 when not.

\b
mock-alc verify --secret whsec_… --id msg_1 --timestamp 1614265330 --signature v1,… --body body.json
mock-alc verify --dialect attio --secret 0123… -H 'Attio-Signature: 86b6…' --body body.json
"""


@click.command(help=VERIFY_HELP)
@dialect_option
@secret_option
@signed_request_options
@now_option
@tolerance_option
def verify(dialect: "Dialect", secret: str, now: float | None, tolerance: int | None, **given: Any) -> None:
    """Print whether a delivery is valid."""
    found = _explained(dialect, secret, now, tolerance, given)
    if found.valid:
        click.echo("valid")
        return
    first = next(problem for problem in found.problems if problem.fatal)
    click.echo(f"not valid: {first.sentence}", err=True)
    raise SystemExit(1)


EXPLAIN_HELP = """Explain why a delivery does not verify: name the likeliest mistake, and show both signed strings.

\b
mock-alc explain --secret whsec_… -H 'webhook-id: msg_1' -H 'webhook-timestamp: 1614265330' \\
    -H 'webhook-signature: v1,…' --body body.json

It tries these mistakes: a secret that was not decoded (or decoded where it is text), with its prefix,
quotation marks or white space, or not set; a body that was parsed and serialized again, printed as b'…', lost, with
another newline or encoding; another order or scheme of what is signed; another hash, or none; hex for base64 and the
reverse; a wrong prefix; a wrong name of a header; a clock that is off, or in another time zone. It finds up to three
mistakes at once. Exit code 0 if the delivery is valid, 1 if not.
"""


@click.command(help=EXPLAIN_HELP)
@dialect_option
@secret_option
@other_secret_option
@signed_request_options
@now_option
@tolerance_option
@json_option
def explain(
    *, dialect: "Dialect", secret: str, other_secret: tuple[str, ...], now: float | None, tolerance: int | None,
    as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Print why a delivery is not valid."""
    found = _explained(dialect, secret, now, tolerance, given, others=other_secret)
    if as_json:
        click.echo(json.dumps(found.as_json()))
    else:
        from mock_alc.commands.explanation import show

        show(found)
    raise SystemExit(0 if found.valid else 1)


def _explained(
    dialect: "Dialect", secret: str, now: float | None, tolerance: int | None, given: dict[str, Any], *,
    others: tuple[str, ...] = (),
) -> "Explanation":  # fmt: skip
    from mock_alc.signing.explanation import explain as explained

    body = body_of(given.pop("body_file"), given.pop("data"))
    headers = headers_of(given.pop("lines"), dialect, **given)
    return explained(dialect.name, secret, headers, body, now=now, tolerance=tolerance, other_secrets=others)


def _curl(url: str, headers: dict[str, str], body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError("This body is not text, so it cannot be part of a shell command.") from error
    given = {"Content-Type": "application/json", **headers}
    lines = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in given.items()]
    return " \\\n  ".join([f"curl -i -X POST {shlex.quote(url)}", *lines, f"--data-binary {shlex.quote(text)}"])
