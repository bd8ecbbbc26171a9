"""Health of this process: liveness (`/healthz`), readiness (`/readyz`) and Prometheus metrics (`/metrics`)."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Mapping

from flask import Blueprint, Flask, Response, abort, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import DBAPIError

from alc_app.attio.host.context import running
from alc_app.clients.attio_api import AttioApiError, identify
from alc_app.config.settings import Config
from alc_app.config.sign_in import LOOPBACK
from alc_app.runtime.context import AppContext
from alc_app.runtime.doctor.gauges import Gauges
from alc_app.runtime.doctor.timed_checks import ReadinessCheck, ReadinessChecks
from alc_app.runtime.oauth_client import OAuthFailed
from alc_app.runtime.observability import metrics
from alc_app.runtime.services import WORKSPACE, Services

log = logging.getLogger(__name__)
READY_WITHIN = 3.0
NEEDED = ("database", "engine", "worker", "attio")
"""Without one of these the process is not ready. Without ALC it is only degraded: it still accepts deliveries."""


def add_health(app: Flask, services: Services) -> None:
    """Add `GET /healthz`, `GET /readyz` and `GET /metrics`, and count every request."""
    app.register_blueprint(_blueprint(services))

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def count(response: Response) -> Response:
        took = time.monotonic() - g.get("began", time.monotonic())
        metrics.count_request(request.endpoint, request.method, response.status_code, took)
        return response


def _blueprint(services: Services) -> Blueprint:
    routes = Blueprint("health", __name__)
    checks, gauges = ReadinessChecks(_checks(services)), Gauges(services)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        found = checks.missing(READY_WITHIN)
        missing = [f"{name}: {why}" for name, why in found.items() if name in NEEDED]
        degraded = [f"{name}: {why}" for name, why in found.items() if name not in NEEDED]
        status = "not ready" if missing else "degraded" if degraded else "ready"
        return jsonify(status=status, missing=missing, degraded=degraded), 503 if missing else 200

    @routes.get("/metrics")
    def numbers() -> Response:
        _require_metrics_access(services.config)
        return Response(generate_latest(metrics.REGISTRY) + generate_latest(gauges), content_type=CONTENT_TYPE_LATEST)

    return routes


def _require_metrics_access(config: Config) -> None:
    """Require the token of the configuration; without one, allow only loopback in development.

    In production a proxy makes every client look like loopback, so without a token nobody has access. Raises: NotFound,
    or an HTTP error with status 401.
    """
    token = config.metrics_token.get_secret_value()
    if not token and (config.env == "production" or request.remote_addr not in LOOPBACK):
        abort(404)
    given = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(
            Response("Send the token of ALC_APP_METRICS_TOKEN.\n", 401, {"WWW-Authenticate": 'Bearer realm="metrics"'})
        )


def _checks(services: Services) -> Mapping[str, ReadinessCheck]:
    config = services.config

    def database() -> str | None:
        try:
            services.connections.live(WORKSPACE)
            services.inbox.oldest_waiting()
        except DBAPIError as error:
            log.error("The database does not answer: %s", error.orig)  # names host and user, and anybody may ask
            return "The database does not answer. Check ALC_APP_DATABASE_URL, the disk and the log."
        return None

    def engine() -> str | None:
        return None if services.engine.is_up() else "Its database does not answer. See the log."

    def worker() -> str | None:
        return None if services.worker_ids.living() else "No worker is running. Start one with: alc-app worker"

    def attio() -> str | None:
        with running(AppContext(services)):
            try:
                active = identify().get("active")
            except AttioApiError as error:
                return f"{config.attio_origin} does not answer correctly. {error.message}"
        return None if active else "Attio does not accept the token. Check ATTIO_API_TOKEN."

    def alc() -> str | None:
        try:
            services.oauth.fetch_metadata()
        except OAuthFailed as error:
            return f"{error.message} Connecting and sending must wait. Deliveries are still accepted."
        return None

    return {"database": database, "engine": engine, "worker": worker, "attio": attio, "alc": alc}
