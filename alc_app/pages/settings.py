"""The settings page: a form that works without scripts and is saved whole or not at all."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .view_models import SettingField
from .workspace import Workspace

WAS = "was:"
"""Prefix of the hidden fields with the original values, so that only what this person has changed is saved."""


def add_settings_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/settings`."""

    @pages.get("/settings")
    def settings() -> str:
        return _page(workspace, workspace.settings(), saved=request.args.getlist("saved"))

    @pages.post("/settings")
    def save_settings() -> ResponseReturnValue:
        fields, errors = workspace.settings(), dict[str, str]()
        changes: dict[str, float | bool | None] = {}
        back_to_defaults = request.form.get("do") == "defaults"
        for name, field in fields.items():
            text = request.form.get(name, "false")
            if back_to_defaults and field.is_set:
                changes[name] = None
            elif not back_to_defaults and text != request.form.get(WAS + name, field.text):
                try:
                    changes[name] = field.input.read(text)
                except ValueError as error:
                    errors[name] = str(error)
        if errors:
            return _page(workspace, fields, errors=errors, typed=request.form), 422
        workspace.save_settings(changes)
        return redirect(url_for("pages.settings", saved=list(changes) or ""), 303)


def _page(
    workspace: Workspace,
    fields: Mapping[str, SettingField],
    *,
    saved: Sequence[str] = (),
    errors: Mapping[str, str] = {},
    typed: Mapping[str, str] | None = None,
) -> str:
    """Render the page: after a save with the names of what was saved, after a mistake with what was typed."""
    return render_template(
        "settings.html",
        sections=workspace.settings_sections,
        fields=fields,
        saved=saved,
        errors=errors,
        typed=typed,
        was=WAS,
        events_after=workspace.last_event_id(),
    )
