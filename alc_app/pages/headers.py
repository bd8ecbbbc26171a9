"""Security headers for every answer of the app (bar U3, U5); `create_app` calls `secure_headers` once."""

from flask import Flask, Response, request

# `form-action 'self'` also stops a form whose reply redirects to another origin: OAuth starts with a link.
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
    "Cache-Control": "no-store",  # nearly everything here is personal data; assets set their own
}


def secure_headers(app: Flask) -> None:
    """Add the headers to every answer that does not set its own, and HSTS where the request came by HTTPS."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
