"""What the settings' page shows, and what it asks of the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alc_app.attio.settings_page import Input


@dataclass(frozen=True)
class SettingField:
    """One setting: its input, and what holds now."""

    input: Input
    value: float | bool
    is_set: bool  # by a person; else the default holds

    @property
    def text(self) -> str:
        """The value as a form has it."""
        return self.input.write(self.value)

    @property
    def told(self) -> str:
        """The value in words."""
        return self.input.told(self.value)


@dataclass(frozen=True)
class SettingsSection:
    """Settings that belong together."""

    title: str
    fields: Sequence[SettingField]
    description: str = ""


class SettingsSpace(Protocol):
    """What the page asks for."""

    def settings(self) -> Sequence[SettingsSection]:
        """The app's settings, as they are now."""

    def save_settings(self, changes: Mapping[str, float | bool | None]) -> None:
        """Set these, all or none of them; None gives one back to its default."""
