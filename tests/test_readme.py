"""The README tells the truth: every path, command and setting in it is there, and none is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import SecretStr

from alc_app.cli.commands import main as alc_app
from alc_app.config.settings import Config as AlcAppConfig
from mock_alc.commands.cli import main as mock_alc

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def shown(value: Any) -> str:
    """A default as the table shows it."""
    if isinstance(value, SecretStr):
        return shown(value.get_secret_value())
    return f"`{value}`" if value not in ("", None) else ""


def rows_of(config: Any) -> list[str]:
    """The rows that the table of a config must have."""
    return [
        " ".join(f"| `{field.alias}` | {shown(field.default)} | {field.description} |".split())
        for field in config.model_fields.values()
    ]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_to_a_file(link: str) -> None:
    """Pictures included: a test makes them."""
    if "://" not in link:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:alc_app|mock_alc|tests|scripts|events|runtime)/[\w/.]*)`", README)))
)
def test_every_path_in_it_exists(path: str) -> None:
    """Habit 19: a path that was renamed is found here."""
    assert (ROOT / path).exists() or (ROOT / "alc_app" / path).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"participant \w+ as ([\w/.]+)", README))))
def test_every_participant_of_the_diagrams_is_a_file_or_a_server_of_ours(name: str) -> None:
    """The reader can open each of them."""
    assert (ROOT / "alc_app" / name).exists() or (ROOT / name).exists()


def test_every_setting_is_a_row_with_its_default_and_its_text() -> None:
    """Of alc_app; mock_alc's settings are in its own README."""
    for row in rows_of(AlcAppConfig):
        assert row in [" ".join(line.split()) for line in README.splitlines()], row


def test_no_row_names_a_setting_that_is_not_there() -> None:
    """A setting that was removed leaves its row."""
    ours = {field.alias for field in AlcAppConfig.model_fields.values()}
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == ours


@pytest.mark.parametrize("program, group", [("alc-app", alc_app), ("mock-alc", mock_alc)])
def test_every_command_is_in_the_table_and_the_reverse(program: str, group: click.Group) -> None:
    """What it names can be run; what can be run, it names."""
    named = set(re.findall(rf"^\| `{program} ([\w-]+)", README, re.MULTILINE))
    assert named == set(group.commands)


def test_every_flag_that_it_mentions_exists() -> None:
    """`--with-worker` and its like."""
    flags = {option for group in (alc_app, mock_alc) for command in group.commands.values()
             for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}  # fmt: skip
    mentioned = set(re.findall(r"`(--[a-z-]+)`", README)) - {"--help"}
    assert mentioned <= flags


def test_every_script_that_it_names_is_there() -> None:
    """The two commands of the first screen, above all."""
    assert set(re.findall(r"scripts/(\w+)", README)) <= {script.name for script in (ROOT / "scripts").iterdir()}
