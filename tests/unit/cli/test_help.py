"""What `--help` of both programs lists, and the flags that both have."""

import click
import pytest
from click.testing import CliRunner

from alc_app.cli.commands import main as alc_app
from mock_alc.commands.cli import main as mock_alc

GROUPS = ([alc_app], [alc_app, "dead-letters"], [mock_alc], [mock_alc, "scenario"], [mock_alc, "story"])


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: "-".join(getattr(part, "name", part) for part in group))
def test_each_command_is_listed_with_a_whole_sentence(group: list[click.Group | str]) -> None:
    """On a narrow terminal, too: none ends in the middle, with three dots."""
    program, *path = group
    shown = CliRunner().invoke(program, [*path, "-h"], terminal_width=60)

    assert shown.exit_code == 0
    assert "..." not in shown.output.partition("Commands:")[2]


@pytest.mark.parametrize("program", [alc_app, mock_alc])
def test_both_say_their_version(program: click.Group) -> None:
    """It is the version of the one package that has both."""
    assert ", version " in CliRunner().invoke(program, ["--version"]).output
