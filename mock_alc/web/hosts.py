"""Which host names the mock answers for (U7)."""

from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import SecurityError

from mock_alc.config import Config, is_loopback

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROBE = "/healthz"
"""Load balancers ask for it by any address. It tells no secret, and builds no links."""


def refuse_foreign_hosts(app: Flask, config: Config) -> None:
    """Refuse requests for a host name that is not ours, except the health check.

    Ours is that of the issuer, and on loopback each name of this machine. Flask's `TRUSTED_HOSTS` would do the same,
    but it knows no IPv6 addresses.
    """
    own = urlsplit(config.issuer).hostname or ""
    hosts = {own, *(LOOPBACK if is_loopback(config.host) or is_loopback(own) else ())}

    @app.before_request
    def check_host() -> None:
        if request.path != PROBE and _hostname(request.host) not in hosts:
            raise SecurityError(f"Host {request.host!r} is not trusted.")


def _hostname(host: str) -> str:
    """Return the name or address in a Host header, without the port; empty if there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # Such as a bracket that is never closed.
        return ""
