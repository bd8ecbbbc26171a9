"""The settings' page: a form that works without scripts, saved as a whole or not at all."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .settings_models import SettingField, SettingsSection
from .view_models import Workspace

WAS = "was:"
"""Begins the names of what the form was given, so that only what this person has changed is saved."""


def add_settings_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/settings`."""

    @pages.get("/settings")
    def settings() -> str:
        sections, saved = workspace.settings(), request.args.getlist("saved")
        told = [field for field in _fields(sections) if field.input.name in saved]
        return _page(workspace, sections, told=told, is_over="saved" in request.args)

    @pages.post("/settings")
    def save_settings() -> ResponseReturnValue:
        sections, errors = workspace.settings(), dict[str, str]()
        changes: dict[str, float | bool | None] = {}
        back_to_defaults = request.form.get("do") == "defaults"
        for field in _fields(sections):
            name, text = field.input.name, request.form.get(field.input.name, "false")
            if back_to_defaults and field.is_set:
                changes[name] = None
            elif not back_to_defaults and text != request.form.get(WAS + name, field.text):
                try:
                    changes[name] = field.input.read(text)
                except ValueError as error:
                    errors[name] = str(error)
        if errors:
            return _page(workspace, sections, errors=errors, typed=request.form), 422
        workspace.save_settings(changes)
        return redirect(url_for("pages.settings", saved=list(changes) or ""), 303)


def _page(
    workspace: Workspace,
    sections: Sequence[SettingsSection],
    *,
    told: Sequence[SettingField] = (),
    is_over: bool = False,
    errors: Mapping[str, str] = {},
    typed: Mapping[str, str] | None = None,
) -> str:
    """The page: after a save, with what was saved; after a mistake, with what was typed."""
    return render_template(
        "settings.html",
        sections=sections,
        told=told,
        is_over=is_over,
        errors=errors,
        typed=typed,
        was=WAS,
        events_after=workspace.last_event_id(),
    )


def _fields(sections: Sequence[SettingsSection]) -> list[SettingField]:
    return [field for section in sections for field in section.fields]
