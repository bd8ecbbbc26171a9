"""Security headers for every response of the app (U3, U5)."""

from flask import Flask, Response, request

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


def secure_headers(app: Flask) -> None:
    """Add the headers to every response that does not set its own, and HSTS to those that go over HTTPS."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
