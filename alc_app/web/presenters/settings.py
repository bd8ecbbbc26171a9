"""The app's settings: read them for their page, and save them."""

from __future__ import annotations

from collections.abc import Mapping

from alc_app.attio.host.context import current, running
from alc_app.attio.settings import get_settings, set_settings
from alc_app.pages.view_models import SettingField
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services


def fields_of(services: Services) -> dict[str, SettingField]:
    """Return each setting with its current value and whether somebody has set it."""
    page = services.manifest.settings
    if page is None:
        return {}
    with running(AppContext(services)):
        known = get_settings(page.schema)
        return {one.name: SettingField(one, one.value(), known[one.name] is not None) for one in page.inputs}


def save(services: Services, changes: Mapping[str, float | bool | None]) -> None:
    """Save the changes in one transaction, together with what the manifest's `settings_saved` does."""
    page = services.manifest.settings
    if page is None or not changes:
        return
    with running(AppContext(services)), current().transaction():
        for name, value in changes.items():
            set_settings(page.schema, name, value)
        services.manifest.events.settings_saved(changes.keys())
