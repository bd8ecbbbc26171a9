"""Acme Lead Checker for Attio: the app of the "SDK concepts" tutorial, and the runtime that it needs.

`create_app` joins the rooms and is the only place that knows them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from alc_app.config.settings import Config


def create_app(config: Config | None = None) -> Flask:
    """The web process: the workspace's pages, record actions, the OAuth callback and the door for deliveries."""
    from alc_app.web.factory import build  # late: a command such as `alc-app --help` needs none of it

    return build(config)
