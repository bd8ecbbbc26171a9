"""The app's settings: the default until a person has set them, and what changes with them at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alc_app.app import app as manifest
from alc_app.attio.settings import set_settings
from alc_app.record_events import subscription_rows
from alc_app.record_events.subscription import settings_saved
from alc_app.settings.page import page
from alc_app.settings.schema import schema
from alc_app.settings.values import send_new_people, strict_removal, time_to_wait
from tests.support.fakes.runtime import FakeRuntime

README = Path(__file__).parents[3] / "alc_app/settings/README.md"


@pytest.mark.parametrize("default", [True, False])
def test_the_environment_holds_until_a_person_has_said_otherwise(runtime: FakeRuntime, default: bool) -> None:
    """`ALC_APP_SEND_NEW_PEOPLE` and `ALC_APP_REMOVAL` are the defaults, and nothing more."""
    runtime.settings = replace(runtime.settings, send_new_people=default, strict_removal=default)
    assert (send_new_people(), strict_removal(), manifest.events.strict_removal()) == (default,) * 3

    for key in ("send_new_people", "strict_removal"):
        set_settings(schema, key, not default)
    assert (send_new_people(), strict_removal(), manifest.events.strict_removal()) == (not default,) * 3

    set_settings(schema, "send_new_people", None)
    assert send_new_people() is default


def test_a_workflow_waits_as_long_as_the_workspace_says(runtime: FakeRuntime) -> None:
    """Fourteen days, unless."""
    assert time_to_wait() == timedelta(days=14)
    set_settings(schema, "days_to_wait", 3)
    assert time_to_wait() == timedelta(days=3)


def test_the_page_shows_every_setting_with_what_holds(runtime: FakeRuntime) -> None:
    """None is hidden, also not in the README; a default is a value too."""
    assert {one.name for one in page.inputs} == set(schema.settings)
    assert all(f"| {one.label} | " in README.read_text() for one in page.inputs)
    assert [one.describe(one.value()) for one in page.inputs] == ["off", "on", "14 days", "off"]


def test_whom_attio_tells_us_of_is_looked_at_at_once(runtime: FakeRuntime) -> None:
    """Not in a quarter of an hour: a person who has switched it on adds somebody next."""
    subscription_rows.subscribe_soon("handler_1")
    subscription_rows.start_check("handler_1", next_in=900.0)

    settings_saved({"days_to_wait"})
    assert not subscription_rows.due_to_check()
    settings_saved({"send_new_people"})
    assert list(subscription_rows.due_to_check()) == ["handler_1"]
