"""The README of alc_app/config lists every setting with its flag, variable, default and meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alc_app import config as package
from alc_app.cli.commands import main
from alc_app.config.settings import Config

README = (Path(package.__file__).parent / "README.md").read_text()
FLAGS = {
    parameter.name: parameter.opts[0]
    for command in main.commands.values()
    for parameter in command.params
    if parameter.name in Config.model_fields
}


def shown(value: Any) -> str:
    """Return a cell of the table: empty, or code."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return "" if text in ("", None) else f"`{text}`"


def test_the_table_is_the_settings() -> None:
    """Every row, in the order of the settings; a removed setting leaves no row."""
    rows = [
        f"| {shown(FLAGS.get(name))} | `{field.alias}` | {shown(field.default)} | {field.description} |"
        for name, field in Config.model_fields.items()
    ]
    expected = [" ".join(row.split()) for row in rows]
    assert [" ".join(line.split()) for line in README.splitlines() if line.startswith("|")][2:] == expected


def test_it_is_short() -> None:
    """At most 800 words, the table included."""
    assert len(README.replace("|", " ").split()) <= 800
