"""Security headers for every response of the app (U3, U5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# `form-action 'self'` also blocks a form whose response redirects to another origin, so OAuth starts with a link.
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
))  # fmt: skip

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # Flask-WTF refuses every HTTPS form under no-referrer
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",  # nearly all pages hold personal data; static files set their own
}
HEADERS_OVER_HTTPS = {**HEADERS, "Strict-Transport-Security": "max-age=31536000"}


def secure_headers(app: Flask) -> None:
    """Add the headers to every response that does not set its own, and HSTS to those that go over HTTPS."""
    inner = app.wsgi_app

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            ours = HEADERS if environ["wsgi.url_scheme"] == "http" else HEADERS_OVER_HTTPS
            more = [(name, value) for name, value in ours.items() if name.lower() not in given]
            return start_response(status, headers + more, *error)

        return inner(environ, start)

    app.wsgi_app = serve  # type: ignore[method-assign]  # Flask's own way to wrap
