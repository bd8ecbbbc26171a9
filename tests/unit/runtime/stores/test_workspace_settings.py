"""Workspace settings: seen by every process at once, and changed as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from alc_app.app import app as manifest
from alc_app.attio.host.context import running
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services
from alc_app.settings.values import send_new_people
from alc_app.web.presenters.settings import fields_of, save


def test_a_value_is_kept_changed_and_given_back(services: Services) -> None:
    """JSON: false is different from not set."""
    settings = services.workspace_settings
    for value in (True, False, 14, 1.5, "text"):
        settings.set("key", value)
        assert settings.all() == {"key": value}
    settings.set("key", None)
    assert settings.all() == {}


def test_another_process_reads_it_at_the_moment_of_use(make_services: Callable[..., Services]) -> None:
    """The web process saves, the worker reads."""
    web, worker = make_services(), make_services()
    with running(AppContext(worker)):
        assert not send_new_people()
        save(web, {"send_new_people": True})
        assert send_new_people()


def test_a_change_is_saved_whole_or_not_at_all(make_services: Callable[..., Services]) -> None:
    """What the app does in reaction is in the same transaction."""

    def fail(_: object) -> None:
        raise RuntimeError

    assert manifest.settings
    services = make_services(replace(manifest, events=replace(manifest.events, settings_saved=fail)))

    with pytest.raises(RuntimeError):
        save(services, {"send_new_people": True})
    assert services.workspace_settings.all() == {}


def test_the_page_is_told_what_holds_and_what_was_set(services: Services) -> None:
    """Also for an app that has no settings."""
    save(services, {"days_to_wait": 3})
    fields = fields_of(services)

    assert (fields["days_to_wait"].in_words, fields["days_to_wait"].is_set) == ("3 days", True)
    assert (fields["send_new_people"].in_words, fields["send_new_people"].is_set) == ("off", False)


def test_an_app_without_settings_has_none(make_services: Callable[..., Services]) -> None:
    """The page is there, and empty."""
    services = make_services(replace(manifest, settings=None))
    save(services, {"anything": True})
    assert fields_of(services) == {}
    assert services.workspace_settings.all() == {}
