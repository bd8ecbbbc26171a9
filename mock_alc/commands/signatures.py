"""`mock-alc sign`, `verify` and `explain`: Standard Webhooks signatures by hand."""

import json
import shlex
import time
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from mock_alc.commands.options import (
    body_of,
    body_options,
    headers_of,
    json_option,
    message_id_option,
    other_secret_option,
    secret_option,
    signed_request_options,
)

if TYPE_CHECKING:
    from mock_alc.signing.explain import Explanation

now_option = click.option("--now", type=float, help="Unix time to judge the timestamp by. [default: the clock]")
tolerance_option = click.option(
    "--tolerance", type=int, default=300, show_default=True, help="Seconds that the timestamp may be off."
)

SIGN_HELP = """Sign a body and print the three headers.

\b
mock-alc sign --secret whsec_… --data '{"record_id":"1","status":"Complete"}'
mock-alc sign --secret whsec_… --body body.json --curl http://127.0.0.1:5000/hook | sh
"""


@click.command(help=SIGN_HELP)
@secret_option
@body_options
@message_id_option
@click.option("--timestamp", type=int, help="The webhook-timestamp, in Unix seconds. [default: now]")
@click.option("--curl", "url", metavar="URL", help="Print a curl command that posts the body there, signed.")
@json_option
def sign(
    *, secret: str, body_file: BinaryIO | None, data: str | None, message_id: str | None, timestamp: int | None,
    url: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Print the headers of a signed delivery."""
    from mock_alc.base.credentials import new_id
    from mock_alc.signing.standard_webhooks import UnusableSecret, as_written, signed_headers

    body = body_of(body_file, data)
    try:
        headers = signed_headers(
            [as_written(secret)], message_id or new_id("msg"), timestamp if timestamp is not None else _now(None), body
        )
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
"""


@click.command(help=VERIFY_HELP)
@secret_option
@signed_request_options
@now_option
@tolerance_option
def verify(secret: str, now: float | None, tolerance: int, **given: Any) -> None:
    """Print whether a delivery is valid."""
    found = _explained(secret, now, tolerance, given)
    if found.valid:
        click.echo("valid")
        return
    first = next(problem for problem in found.problems if problem.fatal)
    click.echo(f"not valid: {first.sentence}", err=True)
    raise SystemExit(1)


EXPLAIN_HELP = """Say why a delivery does not verify: name the likeliest mistake, and show both signed strings.

\b
mock-alc explain --secret whsec_… -H 'webhook-id: msg_1' -H 'webhook-timestamp: 1614265330' \\
    -H 'webhook-signature: v1,…' --body body.json

Tried out are: a secret that was not decoded, or with its prefix, or with v1, before that; a body that was
parsed and written anew, with another newline or an own encoding; another order or scheme of what is signed; hex or
base64url for base64; another hash; a wrong name of a header; a clock that is off, or in another time zone. Exit code 0
when all is well, else 1.
"""


@click.command(help=EXPLAIN_HELP)
@secret_option
@other_secret_option
@signed_request_options
@now_option
@tolerance_option
@json_option
def explain(
    secret: str, other_secret: tuple[str, ...], now: float | None, tolerance: int, as_json: bool, **given: Any
) -> None:
    """Print why a delivery is not valid."""
    found = _explained(secret, now, tolerance, given, other_secret)
    if as_json:
        click.echo(json.dumps(found.as_json()))
    else:
        from mock_alc.commands.explanation import show

        show(found)
    raise SystemExit(0 if found.valid else 1)


def _explained(
    secret: str, now: float | None, tolerance: int, given: dict[str, Any], others: tuple[str, ...] = ()
) -> "Explanation":
    from mock_alc.signing.explain import explain as explained

    body = body_of(given.pop("body_file"), given.pop("data"))
    headers = headers_of(given.pop("lines"), **given)
    return explained(secret, headers, body, now=_now(now), tolerance=tolerance, other_secrets=others)


def _now(given: float | None) -> int:
    return int(time.time() if given is None else given)


def _curl(url: str, headers: dict[str, str], body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError("This body is no text, so that no shell command can hold it.") from error
    given = {"Content-Type": "application/json", **headers}
    lines = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in given.items()]
    return " \\\n  ".join([f"curl -i -X POST {shlex.quote(url)}", *lines, f"--data-binary {shlex.quote(text)}"])
