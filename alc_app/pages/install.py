"""The app's install page: its permissions and its connection, with the progress of connecting."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .connect_steps import shown_steps
from .install_notices import notice
from .workspace import Workspace


def add_install_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/apps/alc`. Connect and disconnect on it are routes of the runtime."""

    @pages.get("/apps/alc")
    def install() -> str:
        events_after = workspace.last_event_id()
        connection = workspace.connection()
        connecting = request.args.get("connecting", "")
        run = workspace.connect_run(connecting or connection.id) if connecting or connection.id else None
        return render_template(
            "install.html",
            connection=connection,
            connect_url=workspace.connect_url(request.args.get("next", "")),
            connecting=connecting,
            catch_up=workspace.last_catch_up(),
            steps=shown_steps(run) if run and (run.done or connecting) else (),
            events_after=events_after,
            notice=notice(request.args.get("notice", ""), connection.status),
        )

    @pages.post("/apps/alc/catch-up")
    def catch_up() -> Response:
        workspace.catch_up_soon()
        return redirect(url_for("pages.install", notice="catching_up"), 303)

    @pages.post("/apps/alc/rotate-secrets")
    def rotate_secrets() -> Response:
        workspace.rotate_secrets()
        return redirect(url_for("pages.install", notice="rotating"), 303)

    @pages.get("/apps/alc/steps.json")
    def steps() -> dict[str, Any]:
        run = workspace.connect_run(request.args.get("connecting", ""))
        return {"steps": [asdict(step) for step in shown_steps(run)], "is_over": run.is_over}
