"""Acme Lead Checker for Attio: the app of the "SDK concepts" tutorial, and the runtime that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from alc_app.config.settings import Config


def create_app(config: Config | None = None) -> Flask:
    """Create the web process's Flask app: pages, record actions, the OAuth callback and the webhook endpoints.

    Without a config, read the settings from the environment.
    """
    from alc_app.web.factory import build  # late, so that `alc-app --help` starts quickly

    return build(config)
