"""The settings of a `FakeWorkspace`: one of each kind of input, in two sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alc_app.attio.settings_page import Input, NumberInput, Toggle
from alc_app.pages.settings_models import SettingField, SettingsSection

AUTOMATIC: Input = Toggle("automatic", "Send automatically", "Everybody who is new.", lambda: False)
DAYS: Input = NumberInput("days", "Wait for a verdict", "Then it has failed.", lambda: 14, 1, 90, "days")


class FakeSettings:
    """What the settings' page sees; `set_values` is what was set."""

    set_values: dict[str, float | bool]

    def reset_settings(self) -> None:
        """Nobody has set anything."""
        self.set_values = {}

    def settings(self) -> Sequence[SettingsSection]:
        return [
            SettingsSection("Sending", [self._field(AUTOMATIC)]),
            SettingsSection("Workflows", [self._field(DAYS)], "What happens by itself."),
        ]

    def save_settings(self, changes: Mapping[str, float | bool | None]) -> None:
        left = {name: value for name, value in self.set_values.items() if name not in changes}
        self.set_values = left | {name: value for name, value in changes.items() if value is not None}

    def _field(self, one: Input) -> SettingField:
        return SettingField(one, self.set_values.get(one.name, one.value()), one.name in self.set_values)
