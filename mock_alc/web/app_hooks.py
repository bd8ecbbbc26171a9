"""Flask settings and hooks for every request: hosts, sizes, ids, headers, cookies, CSRF and error pages."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, g, render_template, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, RequestEntityTooLarge, SecurityError

from mock_alc.base import trace
from mock_alc.base.clock import monotonic
from mock_alc.base.credentials import new_id
from mock_alc.base.errors import ApiError, error_response
from mock_alc.config import Config
from mock_alc.double.request_log import record_answer
from mock_alc.services import alc
from mock_alc.web.fault_answers import alter_response, inject_fault
from mock_alc.web.hosts import refuse_foreign_hosts
from mock_alc.webhooks.retries import read_retry_after

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_BODY = 65_536
STATIC_AGE = 31_536_000  # A year; links to static files carry a version.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
    "form-action 'self'"
)
# Paths whose errors are JSON; elsewhere they are pages.
JSON_PATHS = ("/api/", "/_mock", "/oauth/token", "/oauth/revoke", "/.well-known/", "/healthz", "/openapi.")
# Blueprints that need no CSRF token, because they never authenticate by cookie (U1).
CSRF_EXEMPT = ("oauth", "leads_api", "webhooks_api", "control", "double")


class _Json(DefaultJSONProvider):
    """JSON in the order of its keys; what is nested too deeply to be read is no JSON, where Python has no answer."""

    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("The JSON is nested too deeply.") from error


def configure(app: Flask, config: Config, secret_key: str) -> None:
    """Configure the application and register the hooks."""
    app.config.update(
        SECRET_KEY=secret_key,
        CONTROL_API=config.control,
        MAX_CONTENT_LENGTH=LARGEST_BODY + 1,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY + 1,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE,
        SESSION_COOKIE_NAME=f"{'__Host-' if config.is_https else ''}mock_alc_session",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=2),
        WTF_CSRF_TIME_LIMIT=None,  # CSRF tokens live as long as the session.
    )
    app.json = _Json(app)
    for chatty in ("authlib", "urllib3"):  # At DEBUG they write tokens and query strings (U8).
        logging.getLogger(chatty).setLevel(logging.INFO)
    app.url_defaults(_version_static(Path(str(app.static_folder))))
    refuse_foreign_hosts(app, config)
    app.before_request(_start_request)
    app.before_request(inject_fault)
    app.after_request(_finish_response)
    app.after_request(alter_response)  # Flask runs these in reverse order: _finish_response records the final status.
    app.register_error_handler(ApiError, error_response)
    app.register_error_handler(OperationalError, _storage_failed)
    app.register_error_handler(DataError, _cannot_hold)
    app.register_error_handler(HTTPException, _http_error)
    app.get("/healthz")(_healthz)
    app.wsgi_app = _with_scheme(app.wsgi_app, "https" if config.is_https else "http")  # type: ignore[assignment,method-assign]  # Flask's own way to wrap


def _with_scheme(app: "WSGIApplication", scheme: str) -> "WSGIApplication":
    """Wrap a WSGI app: requests have the scheme of the configured URL, by which browsers reach the mock.

    A proxy that ends TLS passes them on as plain HTTP. HSTS would then be missing, and Flask-WTF would not check that
    forms come from this origin (U1).
    """

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = scheme
        return app(environ, start_response)

    return serve


def protect_forms(app: Flask) -> None:
    """Require a CSRF token for every POST, except in the blueprints of CSRF_EXEMPT (U1)."""
    csrf = CSRFProtect(app)
    for name in CSRF_EXEMPT:
        if name in app.blueprints:
            csrf.exempt(app.blueprints[name])


def _version_static(folder: Path) -> Callable[[str, dict[str, Any]], None]:
    """Return a function that adds a version to links to static files, so that browsers never mix two releases."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version)

    return add_version


def _start_request() -> None:
    g.started = monotonic()
    g.request_id = new_id("req")
    g.traceparent = trace.continue_trace(request.headers.get("traceparent"))
    raw = _body()
    if request.path.startswith(alc().faults.paths):
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
    """Read the whole body, up to the limit.

    Flask would otherwise cut a chunked body at the limit without an error (R7).
    """
    try:
        raw = request.get_data(cache=True)
    except OSError as error:
        raise BadRequest("The body of the request ended early.") from error
    if len(raw) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return raw


def _finish_response(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id") or new_id("req")
    response.headers["traceparent"] = g.get("traceparent") or trace.continue_trace(None)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    waits = read_retry_after(response.headers.get("Retry-After"), alc().clock.real())
    record_answer(response, started=g.get("started", 0), retry_after=waits)
    return response


def _healthz() -> ResponseReturnValue:
    return {"status": "ok"}


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """Return an error of the framework as JSON, an OAuth error or a page, depending on the path (U9)."""
    if isinstance(error, SecurityError):  # No page: links cannot be built without a valid host.
        return Response("This server does not serve that host.\n", 400, content_type="text/plain")
    if error.response is not None:
        return error.get_response()
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    return _in_the_form_of_the_path(ApiError(status, code, _sentence(error), headers=headers))


def _in_the_form_of_the_path(error: ApiError) -> ResponseReturnValue:
    """Return an error as JSON, as an OAuth error, whose codes RFC 6749 lists, or as a page."""
    if request.path.startswith("/oauth/") and request.path.startswith(JSON_PATHS):
        by_status = {500: "server_error", 503: "temporarily_unavailable"}
        body = {"error": by_status.get(error.status, "invalid_request"), "error_description": error.message}
        return body, error.status, dict(error.headers)
    if request.path.startswith(JSON_PATHS):
        return error_response(error)
    page = render_template("error.html", status=error.status, message=error.message)
    return page, error.status, dict(error.headers)


def _sentence(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is larger than the {LARGEST_BODY} bytes that this server reads."
    if isinstance(error, InternalServerError):
        return "Something went wrong in the mock. Its log has the details under the request id."
    return error.description or "The server refused the request."


def _storage_failed(error: OperationalError) -> ResponseReturnValue:
    """Return 503 with Retry-After: the database is locked, full or unreachable, and nothing was changed (C14)."""
    current_app.logger.error("The database failed: %s", error.orig)
    message = "The server cannot store anything right now, so nothing was changed. Try again shortly."
    return _in_the_form_of_the_path(ApiError(503, "storage_unavailable", message, headers={"Retry-After": "1"}))


def _cannot_hold(error: DataError) -> ResponseReturnValue:
    """Return 400: Postgres holds no NUL character in a text, and no number of any size; SQLite does."""
    current_app.logger.warning("The database does not accept a value: %s", error.orig)
    message = "The request has a NUL character, or a number that is too large."
    return _in_the_form_of_the_path(ApiError(400, "invalid_value", message))
