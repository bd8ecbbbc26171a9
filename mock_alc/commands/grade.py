"""`mock-alc grade` and `grade-sender`: how well does the other side keep Standard Webhooks?"""

import click

from mock_alc.commands.given import json_option, secret_option


@click.command()
@click.argument("url")
@secret_option
@click.option("--record-id", help="The record that bodies tell of. [default: one of nobody]")
@click.option("--lead-id", help="The lead that bodies tell of. [default: one of nobody]")
@click.option("--seconds", type=float, default=15.0, show_default=True, help="Patience for one answer.")
@click.option("--only", multiple=True, help="The name of a check to run; as often as needed. [default: all of them]")
@json_option
def grade(
    *,
    url: str,
    secret: str,
    record_id: str | None,
    lead_id: str | None,
    seconds: float,
    only: tuple[str, ...],
    as_json: bool,
) -> None:
    """Grade the webhook receiver at URL, in whatever language it is written.

    Posts about a hundred deliveries, right and wrong ones, and reports what was sent, what came back, why it
    matters and how to mend it. Do not point it at production: the right ones are taken for real.

    \b
    mock-alc grade http://127.0.0.1:5000/hook --secret whsec_…

    Exit code 0 with full marks, 1 without, 2 when nobody answers there.
    """
    from mock_alc.commands.reports import print_report
    from mock_alc.grading import receiver
    from mock_alc.signing import UnusableSecret, key_of

    unknown = set(only) - {check.name for check in receiver.CHECKS}
    if unknown:
        names = ", ".join(check.name for check in receiver.CHECKS)
        raise click.UsageError(f"There is no check named {', '.join(sorted(unknown))}. The checks are: {names}.")
    try:
        key_of(secret)
        report = receiver.grade(url, secret, record_id=record_id, lead_id=lead_id, seconds=seconds, only=only)
    except UnusableSecret as problem:
        raise click.BadParameter(str(problem), param_hint="--secret") from problem
    except receiver.NotReached as problem:
        raise click.UsageError(str(problem)) from problem
    print_report(report, as_json=as_json)
