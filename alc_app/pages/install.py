"""The install page of the app: what it may do, how the connection stands, connect and disconnect."""

from flask import Blueprint, render_template, request

from .notices import notice
from .workspace import Workspace


def add_install_page(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/apps/alc`; the forms and links on it lead to the connection routes of the runtime."""

    @pages.get("/apps/alc")
    def install() -> str:
        events_after = workspace.last_event_id()
        connection = workspace.connection()
        return render_template(
            "install.html",
            connection=connection,
            events_after=events_after,
            notice=notice(request.args.get("notice", ""), connection.status),
        )
