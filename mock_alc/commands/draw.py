"""`mock-alc draw`: show what went over the wire between a running mock and the app under test."""

from pathlib import Path

import click

from mock_alc.commands.control_client import call, url_option

EVERYTHING = 1_000_000
DRAW_HELP = """Show what went over the wire: requests to a running mock, and its deliveries, in the order of its clock.

\b
mock-alc draw
mock-alc draw --html wire.html
mock-alc draw --mermaid

The drawing marks the first request that a correct app makes differently, if the mock knows it. Secrets are masked. The
mock keeps the latest 500 requests. It must run with --control.
"""


@click.command(help=DRAW_HELP)
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a page of HTML into this file.")
@click.option("--mermaid", is_flag=True, help="Print a sequenceDiagram of Mermaid.")
@url_option
def draw(*, url: str, html: Path | None, mermaid: bool) -> None:
    """Read the exchanges of the mock at `url`, and print or write them."""
    # Imported here, so that `--help` is fast.
    from mock_alc.testing.wire.diagnosis import diagnose
    from mock_alc.testing.wire.drawing import Drawing
    from mock_alc.testing.wire.exchanges import read_exchanges
    from mock_alc.testing.wire.mermaid import as_mermaid
    from mock_alc.testing.wire.page import as_page
    from mock_alc.testing.wire.text import as_text

    exchanges = read_exchanges(lambda method, path, body: call(url, method, f"/{path}", body))
    drawing = Drawing(f"The mock at {url}", exchanges, highlight=diagnose(exchanges))
    if html is not None:
        try:
            html.write_text(as_page(drawing), encoding="utf-8")
        except OSError as problem:
            raise click.ClickException(f"{html} cannot be written: {problem.strerror}.") from problem
        click.echo(f"Written to {html}")
    elif mermaid:
        click.echo(as_mermaid(drawing), nl=False)
    else:
        click.echo(
            as_text(drawing, longest=EVERYTHING) or "The mock has received no requests and sent no deliveries yet."
        )
