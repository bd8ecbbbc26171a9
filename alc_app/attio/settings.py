"""Workspace settings: what the people of a workspace may set for an app (docs.attio.com/sdk/settings, `attio` 1.0.4).

A schema names the settings and their types; a value is None until somebody has set it. They are read where and when
they are used, in every process, and never copied.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

from alc_app.attio.host.context import current

Value = str | float | bool


@dataclass(frozen=True)
class Setting:
    """One setting of a schema."""

    type: Literal["string", "number", "boolean"]

    def fits(self, value: object) -> bool:
        """Tell whether a value has the type of the setting."""
        if self.type == "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return isinstance(value, str if self.type == "string" else bool)


class Schema:
    """`Settings.Schema`: the types that there are."""

    @staticmethod
    def string() -> Setting:
        """Define a setting that is a text."""
        return Setting("string")

    @staticmethod
    def number() -> Setting:
        """Define a setting that is a finite number."""
        return Setting("number")

    @staticmethod
    def boolean() -> Setting:
        """Define a setting that is on or off."""
        return Setting("boolean")


@dataclass(frozen=True)
class WorkspaceSchema:
    """The settings of an app, by their keys."""

    settings: Mapping[str, Setting]

    def setting(self, key: str) -> Setting:
        """Return the setting with this key. Raises: LookupError naming the ones there are."""
        if key not in self.settings:
            raise LookupError(f'No setting named "{key}". The schema has: {", ".join(self.settings)}.')
        return self.settings[key]


def define_workspace_schema(settings: Mapping[str, Setting]) -> WorkspaceSchema:
    """`Settings.defineWorkspaceSchema`: what `settings/schema.py` exports."""
    return WorkspaceSchema(dict(settings))


@overload
def get_settings(schema: WorkspaceSchema) -> dict[str, Any]: ...
@overload
def get_settings(schema: WorkspaceSchema, key: str) -> Any: ...
def get_settings(schema: WorkspaceSchema, key: str | None = None) -> Any:
    """`Settings.getSettings`: every value or one, as it is now; None for what nobody has set. Raises: LookupError.

    A value of a type that the schema had once, and has no longer, counts as not set.
    """
    if key is not None:
        schema.setting(key)
    stored = current().workspace_settings.all()
    found = {name: stored.get(name) for name in schema.settings}
    fitting = {name: value if schema.settings[name].fits(value) else None for name, value in found.items()}
    return fitting if key is None else fitting[key]


def set_settings(schema: WorkspaceSchema, key: str, value: Value | None) -> None:
    """`Settings.setSettings`: set one for everybody; None gives it back to its default.

    Within a transaction it is part of it. Raises: LookupError; ValueError for a value of another type.
    """
    setting = schema.setting(key)
    if value is not None and not setting.fits(value):
        raise ValueError(f'The setting "{key}" needs a {setting.type}. {value!r} is not one.')
    current().workspace_settings.set(key, value)
