"""Workspace settings: their schema, their values, and the page that must fit it."""

from __future__ import annotations

import pytest

from alc_app.attio.settings import Schema, Setting, define_workspace_schema, get_settings, set_settings
from alc_app.attio.settings_page import Section, Toggle, define_workspace_page
from tests.support.fakes.runtime import FakeRuntime

SCHEMA = define_workspace_schema({"team": Schema.string(), "minutes": Schema.number(), "automatic": Schema.boolean()})


@pytest.mark.parametrize(
    ("setting", "fitting", "not_fitting"),
    [
        (Schema.string(), ["", "x"], [1, True, None]),
        (Schema.number(), [0, 1.5], ["1", True, float("nan"), float("inf")]),
        (Schema.boolean(), [True, False], ["true", 0, 1]),
    ],
)
def test_a_setting_has_values_of_its_type(setting: Setting, fitting: list[object], not_fitting: list[object]) -> None:
    """`True` is no number, though Python has it so."""
    assert all(setting.fits(value) for value in fitting)
    assert not any(setting.fits(value) for value in not_fitting)


def test_a_value_is_none_until_somebody_has_set_it(runtime: FakeRuntime) -> None:
    """And again when it is given back."""
    assert get_settings(SCHEMA) == {"team": None, "minutes": None, "automatic": None}

    set_settings(SCHEMA, "automatic", False)
    assert get_settings(SCHEMA, "automatic") is False
    set_settings(SCHEMA, "automatic", None)
    assert get_settings(SCHEMA, "automatic") is None


def test_a_value_of_a_type_that_was_once_counts_as_not_set(runtime: FakeRuntime) -> None:
    """A newer schema reads what an older one has stored."""
    runtime.workspace_settings.set("minutes", "five")
    runtime.workspace_settings.set("forgotten", 1)

    assert get_settings(SCHEMA) == {"team": None, "minutes": None, "automatic": None}


def test_what_does_not_fit_is_refused(runtime: FakeRuntime) -> None:
    """With a sentence that says what there is."""
    with pytest.raises(ValueError, match='"minutes" needs a number'):
        set_settings(SCHEMA, "minutes", "5")
    with pytest.raises(LookupError, match="The schema has: team, minutes, automatic"):
        get_settings(SCHEMA, "hours")
    assert not runtime.workspace_settings.all()


def test_a_page_names_settings_of_its_schema_only() -> None:
    """A misspelt name fails when the app starts, not when somebody saves."""
    define_workspace_page(SCHEMA, Section("One", [Toggle("automatic", "A", "B", bool)]))
    with pytest.raises(LookupError):
        define_workspace_page(SCHEMA, Section("One", [Toggle("automatik", "A", "B", bool)]))
    with pytest.raises(TypeError):
        define_workspace_page(SCHEMA, Section("One", [Toggle("minutes", "A", "B", bool)]))
