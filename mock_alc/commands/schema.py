"""`mock-alc schema`: the JSON Schema of an event, for tests and validators in any language."""

import json

import click

SCHEMA_HELP = """Print the JSON Schema of an event's body.

The events are lead.processed, prospect.updated and webhook.test. The schema is draft 2020-12 and needs no other file.
It comes from the OpenAPI document, which a running mock serves at /openapi.yaml and /openapi.json.

\b
mock-alc schema lead.processed > lead_processed.schema.json
"""


@click.command(help=SCHEMA_HELP)
@click.argument("event")
def schema(event: str) -> None:
    """Print it as JSON; the text of `--help` is above."""
    from mock_alc.openapi import event_schemas  # late, so that `mock-alc --help` is fast

    known = event_schemas()
    if event not in known:
        raise click.BadParameter(f"There is no event {event}. The events are: {', '.join(known)}.", param_hint="EVENT")
    click.echo(json.dumps(known[event], indent=2, ensure_ascii=False))
