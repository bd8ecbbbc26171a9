"""Build the web process's Flask app. It stores requests and enqueues work; only the worker runs work."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import DataError
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from alc_app.app import app as manifest
from alc_app.attio.host import trace
from alc_app.config.settings import Config
from alc_app.pages import blueprint as pages
from alc_app.pages import secure_headers, sequence
from alc_app.pages.errors import answer
from alc_app.pages.source_code import CodeLine, colour, without_links
from alc_app.runtime.routes import live_updates, oauth, record_actions, sign_in, webhooks, widgets
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import UNAVAILABLE
from alc_app.web.gate import Gate
from alc_app.web.health import add_health
from alc_app.web.hosts import own_hosts, refuse_foreign_hosts
from alc_app.web.limiter import Limiter
from alc_app.web.limits import REFUSED_DELIVERIES
from alc_app.web.workspace import Workspace

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from alc_app.labs.runner import LabRunner

DATABASE_AWAY = "The app's database is unavailable, full or read-only, so nothing was changed."


def build(config: Config | None = None) -> Flask:
    """Build the Flask app; without a config, read it from the environment."""
    config = config or Config.from_env()
    app = Flask("alc_app", static_folder=None)
    _configure(app, config)
    services = Services(config, manifest)
    app.extensions["services"] = services
    services.exchanges.describe = sequence.describe
    log = live_updates.LiveUpdates(services.database, uuid.uuid4().hex[:12], services.exchanges)
    app.extensions["live"] = log
    gate = Gate(services)
    workspace = Workspace(services, log, gate.may)
    is_own_host = own_hosts(config)
    refuse_foreign_hosts(app, is_own_host)
    gate.protect(app)
    csrf = _FormTokens(app)
    Limiter(services).protect(app)
    gate.note_actions(app)
    labs = _labs(app, csrf, services, log) if config.has_labs else None
    for blueprint in (
        pages(workspace, labs),
        record_actions.blueprint(record_actions.Actions(services, workspace.query)),
        widgets.blueprint(widgets.Widgets(services, workspace.query)),
        oauth.blueprint(services),
        sign_in.blueprint(services),
        live_updates.blueprint(log, lambda: gate.may("GET /exchanges.json"), _coloured),
    ):
        app.register_blueprint(blueprint)
    intake = webhooks.Intake(services, app.wsgi_app, REFUSED_DELIVERIES, is_own_host)
    with_intake = services.proxies.wrap(intake)
    app.wsgi_app = _with_scheme(trace.traced(with_intake), urlsplit(config.base_url).scheme)  # type: ignore[assignment,method-assign]  # Flask's own way to wrap
    secure_headers(app)
    add_health(app, services)
    _handle_database_errors(app)
    return app


def _labs(app: Flask, csrf: CSRFProtect, services: Services, log: live_updates.LiveUpdates) -> LabRunner:
    """Create the labs, and the webhook routes of the naive code, which checks no signature."""
    from alc_app.labs.naive_webhooks import blueprint as naive_webhooks  # late: production has no labs
    from alc_app.labs.runner import LabRunner

    runner = LabRunner(services, log.stopping)
    naive = naive_webhooks(runner.naive_hooks)
    csrf.exempt(naive)
    app.register_blueprint(naive)
    return runner


def _coloured(text: str, file: str) -> Sequence[CodeLine]:
    return colour(without_links(text), file)


def _configure(app: Flask, config: Config) -> None:
    secure = urlsplit(config.base_url).scheme == "https"
    secret_key, *former_keys = config.secret_keys
    app.session_interface = _CookieSessions()
    app.json = _Json(app)
    app.config.update(
        SECRET_KEY=secret_key,
        SECRET_KEY_FALLBACKS=former_keys,
        SESSION_COOKIE_NAME="__Host-alc_app" if secure else "alc_app_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict cookies are not sent on the redirect back from ALC
        SESSION_COOKIE_SECURE=secure,
        MAX_CONTENT_LENGTH=256 * 1024,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # no page of another origin has anything to ask
        WTF_CSRF_TIME_LIMIT=None,  # pages stay open for long
        WTF_CSRF_SSL_STRICT=secure,
    )


class _Json(DefaultJSONProvider):
    """JSON, of which what is nested too deeply to be read is none: otherwise it would count as a fault of the app."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("The JSON is nested too deeply.") from error


class _CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions, which prepare no keys for a request without a cookie, such as a health check."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return super().open_session(app, request) if request.headers.get("Cookie") else self.session_class()


class _FormTokens(CSRFProtect):  # type: ignore[misc]  # Flask-WTF ships no types
    """Flask-WTF's protection, which would answer 500 to a Referer whose port is no number."""

    def protect(self, apply_exemptions: bool = False) -> None:
        try:
            super().protect(apply_exemptions)
        except ValueError:
            raise CSRFError("The referrer is not an address.") from None


def _with_scheme(app: WSGIApplication, scheme: str) -> WSGIApplication:
    """Wrap a WSGI app: requests have the scheme of the configured URL, by which browsers reach the app.

    A proxy that ends TLS passes them on as plain HTTP. HSTS would then be missing, and Flask-WTF would not check that
    forms come from this origin (U1).
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = scheme
        return app(environ, start_response)

    return serve


def _handle_database_errors(app: Flask) -> None:
    """Answer 503 while the database is locked, full, read-only or unreachable (C14), and 400 to what it cannot hold.

    That is a NUL character in a text, or a number that is too large, and only Postgres says so.
    """

    def unavailable(error: Exception) -> ResponseReturnValue:
        logging.getLogger(__name__).error("The database refuses: %s", getattr(error, "orig", error))
        return answer(ServiceUnavailable(DATABASE_AWAY, retry_after=5))

    for kind in UNAVAILABLE:
        app.register_error_handler(kind, unavailable)

    @app.errorhandler(DataError)
    def cannot_hold(error: DataError) -> ResponseReturnValue:
        logging.getLogger(__name__).warning("The database does not accept a value: %s", error.orig)
        return answer(BadRequest())
