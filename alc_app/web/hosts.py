"""Which host names the app answers for (U7)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import SecurityError

from alc_app.config.settings import Config
from alc_app.config.sign_in import LOOPBACK

PROBES = ("/healthz", "/readyz")
"""Load balancers ask for these by any address. Both tell no secret, and build no links."""


def own_hosts(config: Config) -> Callable[[str], bool]:
    """Return a function that tells whether a Host header names us.

    Our name is the one of the configured address, and in development each name of this machine. Flask's `TRUSTED_HOSTS`
    would do the same, but it knows no IPv6 addresses.
    """
    hosts = {_ascii(urlsplit(config.base_url).hostname or ""), *(LOOPBACK if config.env == "development" else ())}
    return lambda host: _hostname(host) in hosts


def refuse_foreign_hosts(app: Flask, is_own_host: Callable[[str], bool]) -> None:
    """Answer 400 to requests for a host name that is not ours, except to health checks."""

    @app.before_request
    def check_host() -> None:
        if request.path not in PROBES and not is_own_host(request.host):
            raise SecurityError(f"Host {request.host!r} is not trusted.")


def _hostname(host: str) -> str:
    """Return the name or address in a Host header, without the port; empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # such as a bracket that is never closed
        return ""


def _ascii(host: str) -> str:
    """Return a name as browsers send it (RFC 5890)."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
