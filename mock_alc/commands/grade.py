"""`mock-alc grade` and `grade-sender`: check how well the other side receives and sends webhooks."""

from typing import TYPE_CHECKING

import click

from mock_alc.commands.options import dialect_option, json_option, secret_option

if TYPE_CHECKING:
    from mock_alc.signing.dialects import Dialect

GRACE = 3.0
"""Seconds to wait for attempts that a sender should not make after 410."""

GRADE_HELP = """Grade the webhook receiver at URL, in whatever language it is written.

Posts about a hundred deliveries, some correct and some faulty, and reports what was sent, what came back, why it
matters and how to fix it. Do not point it at production: it accepts the correct ones as real.

\b
mock-alc grade http://127.0.0.1:5000/hook --secret whsec_…
mock-alc grade http://127.0.0.1:5000/attio/events --dialect attio --secret 0123…

Exit code 0 with full marks, 1 without, 2 when the URL does not answer.
"""


@click.command(help=GRADE_HELP)
@click.argument("url")
@dialect_option
@secret_option
@click.option("--record-id", help="The record_id in the bodies. [default: a made-up id]")
@click.option("--lead-id", help="The lead_id in ALC's bodies. [default: a made-up id]")
@click.option("--seconds", type=float, default=15.0, show_default=True, help="How long to wait for one answer.")
@click.option("--only", multiple=True, help="The name of a check to run; may be repeated. [default: all of them]")
@json_option
def grade(
    *,
    url: str,
    dialect: "Dialect",
    secret: str,
    record_id: str | None,
    lead_id: str | None,
    seconds: float,
    only: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print the report on a receiver."""
    from mock_alc.commands.reports import print_report
    from mock_alc.grading import receiver
    from mock_alc.signing.standard_webhooks import UnusableSecret

    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("Write the whole address, starting with http:// or https://.", param_hint="URL")
    names = [check.name for check in receiver.checks_of(dialect)]
    if unknown := sorted(set(only) - set(names)):
        raise click.UsageError(f"There is no check named {', '.join(unknown)}. The checks are: {', '.join(names)}.")
    try:
        report = receiver.grade(
            url, secret, dialect=dialect.name, record_id=record_id, lead_id=lead_id, seconds=seconds, only=only
        )
    except UnusableSecret as problem:
        raise click.BadParameter(str(problem), param_hint="--secret") from problem
    except receiver.NotReached as problem:
        raise click.UsageError(str(problem)) from problem
    print_report(report, as_json=as_json)


GRADE_SENDER_HELP = """Grade a sender of webhooks by the messages it sends here.

Make it send six messages, one after another, to the address that the command prints. They get 200, 500, 503 with
Retry-After, a redirect, no answer, and 410 Gone, in this order. The report follows the last message, or Ctrl-C.

\b
mock-alc grade-sender --secret whsec_… --port 9000
"""


@click.command("grade-sender", help=GRADE_SENDER_HELP)
@secret_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=0, help="Port to listen on. [default: a free one]")
@click.option("--seconds", type=float, default=300.0, show_default=True, help="How long to wait for the messages.")
@click.option(
    "--patience",
    type=float,
    default=30.0,
    show_default=True,
    help="Seconds after which the sender should have given up.",
)
@json_option
def grade_sender(*, secret: str, host: str, port: int, seconds: float, patience: float, as_json: bool) -> None:
    """Receive messages, then print the report on their sender."""
    import time

    from mock_alc.commands.reports import print_report
    from mock_alc.double.serving import LocalServer
    from mock_alc.grading.recording_receiver import RecordingReceiver
    from mock_alc.grading.sender import grade_sender as graded

    receiver = RecordingReceiver(patience=patience)
    served = LocalServer(receiver.app, host, port)
    click.echo(f"Send six messages to {served.url}/hook, signed with the secret. Ctrl-C ends the test.", err=True)
    deadline = time.monotonic() + seconds
    try:
        while not receiver.finished and (left := deadline - time.monotonic()) > 0:
            receiver.changed.wait(left)
            receiver.changed.clear()
        if receiver.finished:
            receiver.changed.wait(min(GRACE, seconds))  # For attempts after 410.
    except KeyboardInterrupt:
        click.echo(err=True)
    finally:
        served.close()
    print_report(graded(receiver, secret, f"{served.url}/hook"), as_json=as_json)
