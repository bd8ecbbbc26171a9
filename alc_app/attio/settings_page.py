"""The page of an app's workspace settings: sections of inputs (docs.attio.com/sdk/settings/use-form).

TypeScript draws it with the components that `Settings.useForm` returns; here it is data, named as they are. Theirs save
each input when it changes, ours by a button: so it works without scripts, and a person says when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alc_app.attio.settings import WorkspaceSchema


@dataclass(frozen=True)
class Toggle:
    """`<Toggle>`: a boolean. `value` tells what holds now, also when it was not set."""

    name: str
    label: str
    description: str
    value: Callable[[], bool]

    type = "boolean"

    def read(self, text: str) -> bool:
        """What a form says."""
        return text == "true"

    def write(self, value: float | bool) -> str:
        """What a form is given."""
        return "true" if value else "false"

    def told(self, value: float | bool) -> str:
        """The value in words."""
        return "on" if value else "off"


@dataclass(frozen=True)
class NumberInput:
    """`<NumberInput>`: a whole number between `min` and `max`, of which `unit` tells what is counted."""

    name: str
    label: str
    description: str
    value: Callable[[], float]
    min: int
    max: int
    unit: str

    type = "number"

    def read(self, text: str) -> int:
        """What a form says. Raises: ValueError, with a sentence for the person."""
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and self.min <= int(digits[:9]) <= self.max):
            raise ValueError(f"Enter a whole number between {self.min} and {self.max}.")
        return int(digits[:9])

    def write(self, value: float | bool) -> str:
        """What a form is given."""
        return f"{value:g}"

    def told(self, value: float | bool) -> str:
        """The value in words."""
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
        """Every input, in the order of the page."""
        return [one for section in self.sections for one in section.inputs]


def define_workspace_page(schema: WorkspaceSchema, *sections: Section) -> WorkspacePage:
    """`Settings.defineWorkspacePage`: what `settings/page.py` exports. Raises: LookupError, TypeError for an input that
    does not fit the schema."""
    page = WorkspacePage(schema, sections)
    for one in page.inputs:
        if schema.setting(one.name).type != one.type:
            raise TypeError(f'The input "{one.name}" is for a {one.type}, and the setting is none.')
    return page
