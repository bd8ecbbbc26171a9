"""The page of an app's workspace settings: sections of inputs (docs.attio.com/sdk/settings/use-form).

TypeScript renders it with the components that `Settings.useForm` returns; here it is data with the same names. Attio
saves each input when it changes. Ours has a button, so that it works without scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alc_app.attio.settings import WorkspaceSchema


@dataclass(frozen=True)
class Toggle:
    """`<Toggle>`: a boolean. `value` returns the value in effect, which may be the default."""

    name: str
    label: str
    description: str
    value: Callable[[], bool]

    type = "boolean"

    def read(self, text: str) -> bool:
        """Convert the text of a form field to the value."""
        return text == "true"

    def write(self, value: float | bool) -> str:
        """Convert the value to the text of a form field."""
        return "true" if value else "false"

    def describe(self, value: float | bool) -> str:
        """Return the value in words."""
        return "on" if value else "off"


@dataclass(frozen=True)
class NumberInput:
    """`<NumberInput>`: a whole number between `min` and `max`, counted in `unit`."""

    name: str
    label: str
    description: str
    value: Callable[[], float]
    min: int
    max: int
    unit: str

    type = "number"

    def read(self, text: str) -> int:
        """Convert the text of a form field to the value. Raises: ValueError with a sentence for the user."""
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and self.min <= int(digits[:9]) <= self.max):
            raise ValueError(f"Enter a whole number between {self.min} and {self.max}.")
        return int(digits[:9])

    def write(self, value: float | bool) -> str:
        """Convert the value to the text of a form field."""
        return f"{value:g}"

    def describe(self, value: float | bool) -> str:
        """Return the value in words."""
        return f"{value:g} {self.unit}"


Input = Toggle | NumberInput


@dataclass(frozen=True)
class Section:
    """`<Section>`: inputs that belong together."""

    title: str
    inputs: Sequence[Input]
    description: str = ""


@dataclass(frozen=True)
class WorkspacePage:
    """`Settings.WorkspacePage`: the schema and the sections of the page."""

    schema: WorkspaceSchema
    sections: Sequence[Section]

    @property
    def inputs(self) -> list[Input]:
        """Return every input, in the order of the page."""
        return [field for section in self.sections for field in section.inputs]


def define_workspace_page(schema: WorkspaceSchema, *sections: Section) -> WorkspacePage:
    """Define the settings page, as `Settings.defineWorkspacePage` does: `settings/page.py` exports it.

    Raises: LookupError or TypeError if an input does not fit the schema.
    """
    page = WorkspacePage(schema, sections)
    for field in page.inputs:
        if schema.setting(field.name).type != field.type:
            raise TypeError(f'The input "{field.name}" needs a setting of type {field.type}.')
    return page
