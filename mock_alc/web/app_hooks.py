"""What holds for every request and answer: hosts, sizes, ids, headers, cookies, CSRF and error pages."""

import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, RequestEntityTooLarge, SecurityError

from mock_alc.base import trace
from mock_alc.base.credentials import new_id
from mock_alc.base.errors import ApiError, error_response
from mock_alc.config import Config, is_loopback
from mock_alc.services import alc
from mock_alc.web.fault_answers import spoil, strike

LARGEST_BODY = 65_536
STATIC_AGE = 31_536_000  # A year: the address of a file changes with the files.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
    "form-action 'self'"
)
# Everything that a program reads as JSON, errors included; the rest is for people.
JSON_PATHS = ("/api/", "/_mock", "/oauth/token", "/oauth/revoke", "/.well-known/", "/healthz", "/openapi.json")
RECORDED_PATHS = ("/api/", "/oauth/", "/.well-known/")
# Authenticated by a bearer token, client credentials or the loopback door: never by a cookie (U1).
CSRF_EXEMPT = ("oauth", "leads_api", "webhooks_api", "control")


def prepare(app: Flask, config: Config, secret_key: str) -> None:
    """Set the application up and hang the hooks in."""
    app.config.update(
        SECRET_KEY=secret_key,
        CONTROL_DOOR=config.control,
        MAX_CONTENT_LENGTH=LARGEST_BODY + 1,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY + 1,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE,
        SESSION_COOKIE_NAME=f"{'__Host-' if config.is_https else ''}mock_alc_session",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=2),
        TRUSTED_HOSTS=_own_hosts(config),
        WTF_CSRF_TIME_LIMIT=None,  # The session's own limits end it.
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    for chatty in ("authlib", "urllib3"):  # At DEBUG they write tokens and query strings (U8).
        logging.getLogger(chatty).setLevel(logging.INFO)
    app.url_defaults(_version_static(Path(str(app.static_folder))))
    app.before_request(_begin)
    app.before_request(strike)
    app.after_request(_finish)
    app.after_request(spoil)  # Runs before the one above, which notes what is sent in the end.
    app.register_error_handler(ApiError, error_response)
    app.register_error_handler(OperationalError, _storage_failed)
    app.register_error_handler(HTTPException, _http_error)
    app.get("/healthz")(_healthz)


def protect_forms(app: Flask) -> None:
    """Demand a CSRF token for every change, but for the rooms that no cookie can enter (U1)."""
    csrf = CSRFProtect(app)
    for name in CSRF_EXEMPT:
        if name in app.blueprints:
            csrf.exempt(app.blueprints[name])


def _version_static(folder: Path) -> Callable[[str, dict[str, Any]], None]:
    """Return what gives links to static files a version, so that a browser never mixes those of two releases."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version)

    return add_version


def _own_hosts(config: Config) -> list[str]:
    """List the names that a Host header may carry (U7)."""
    own = config.issuer.split("://")[1]
    hosts = {own.rpartition(":")[0] if own.rpartition(":")[2].isdigit() else own}
    if is_loopback(config.host) or any(is_loopback(host) for host in hosts):
        hosts |= {"127.0.0.1", "localhost", "[::1]"}
    return sorted(hosts)


def _begin() -> None:
    g.request_id = new_id("req")
    g.traceparent = trace.go_on(request.headers.get("traceparent"))
    raw = _body()
    if request.path.startswith(RECORDED_PATHS):
        g.received = alc().received.add(
            at=alc().now(),
            method=request.method,
            path=request.path,
            query=request.query_string.decode("utf-8", "replace"),
            headers=dict(request.headers),
            body=raw,
            trace_id=trace.id_of(g.traceparent),
        )


def _body() -> bytes:
    """Read the whole body once, up to the limit; a chunked one would otherwise arrive silently cut (R7)."""
    try:
        raw = request.get_data(cache=True)
    except OSError as error:
        raise BadRequest("The body of the request broke off.") from error
    if len(raw) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return raw


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id") or new_id("req")
    response.headers["traceparent"] = g.get("traceparent") or trace.go_on(None)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    if alc().config.is_https:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if "received" in g:
        g.received["status"] = response.status_code
    return response


def _healthz() -> ResponseReturnValue:
    return {"status": "ok"}


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer what the framework refused in the manner of the place where it happened (U9)."""
    if isinstance(error, SecurityError):  # Without a host of ours, no page can be drawn: it could link nowhere.
        return Response("This server does not answer for that host.\n", 400, content_type="text/plain")
    if error.response is not None:
        return error.get_response()
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    message = _sentence(error)
    if request.path.startswith("/oauth/") and request.path.startswith(JSON_PATHS):
        return {"error": "invalid_request", "error_description": message}, status, headers
    if request.path.startswith(JSON_PATHS):
        code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
        return error_response(ApiError(status, code, message, headers=headers))
    return render_template("error.html", status=status, message=message), status, headers


def _sentence(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is larger than the {LARGEST_BODY} bytes that this server reads."
    if isinstance(error, InternalServerError):
        return "Something went wrong on this side. It was written to the log with the request id."
    return error.description or "The request was refused."


def _storage_failed(error: OperationalError) -> ResponseReturnValue:
    """Tell callers to come back: the database is locked, full or away, and nothing was changed (C14)."""
    current_app.logger.error("The database refused: %s", error.orig)
    headers = {"Retry-After": "1"}
    message = "The server cannot store anything at the moment. Nothing was changed; try again shortly."
    if request.path.startswith(JSON_PATHS):
        return error_response(ApiError(503, "storage_unavailable", message, headers=headers))
    return render_template("error.html", status=503, message=message), 503, headers
