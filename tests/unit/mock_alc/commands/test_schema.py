"""`mock-alc schema` hands out the JSON Schema of an event."""

import json

from click.testing import CliRunner

from mock_alc.commands.cli import main
from mock_alc.openapi import event_schemas


def test_it_prints_the_schema_as_json() -> None:
    """What is printed is a document of its own, for a validator in any language."""
    result = CliRunner().invoke(main, ["schema", "lead.processed"])

    assert json.loads(result.output) == event_schemas()["lead.processed"]


def test_an_event_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    """The mistake is often one letter."""
    result = CliRunner().invoke(main, ["schema", "lead.processd"])

    assert result.exit_code == 2
    assert (
        "There is no event lead.processd. The events are: lead.processed, prospect.updated, webhook.test."
        in result.output
    )
