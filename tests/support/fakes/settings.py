"""The settings of a `FakeWorkspace`: one of each kind of input, in two sections."""

from __future__ import annotations

from collections.abc import Mapping

from alc_app.attio.settings_page import Input, NumberInput, Section, Toggle
from alc_app.pages.view_models import SettingField

AUTOMATIC: Input = Toggle("automatic", "Send automatically", "Everybody who is new.", lambda: False)
DAYS: Input = NumberInput("days", "Wait for a result", "Then it has failed.", lambda: 14, 1, 90, "days")


class FakeSettings:
    """The settings of a fake workspace; `set_values` holds those that somebody has set."""

    set_values: dict[str, float | bool]
    settings_sections = (
        Section("Sending", [AUTOMATIC]),
        Section("Workflows", [DAYS], "What happens by itself."),
    )

    def reset_settings(self) -> None:
        """Nobody has set anything."""
        self.set_values = {}

    def settings(self) -> dict[str, SettingField]:
        values = self.set_values
        return {
            one.name: SettingField(one, values.get(one.name, one.value()), one.name in values)
            for one in (AUTOMATIC, DAYS)
        }

    def save_settings(self, changes: Mapping[str, float | bool | None]) -> None:
        left = {name: value for name, value in self.set_values.items() if name not in changes}
        self.set_values = left | {name: value for name, value in changes.items() if value is not None}
