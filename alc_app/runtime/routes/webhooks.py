"""Receive webhook deliveries: verify the raw body, store it, answer at once. The worker handles it later.

A 2xx means that the delivery is stored (R17). The handler runs here up to its first effect; if it answers before that,
for example with 400, the sender gets that answer.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, g, request

from alc_app.attio.host.context import running
from alc_app.attio.http import BadRequest, Request
from alc_app.attio.http import Response as HandlerResponse
from alc_app.attio.manifest import NotInManifest
from alc_app.runtime.context import IntakeContext, ReachedFirstEffect
from alc_app.runtime.exchanges.deliveries import log_delivery
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.observability.metrics import DELIVERIES
from alc_app.runtime.observability.rate_limited_log import OncePerMinute
from alc_app.runtime.routes.connector_webhooks import ConnectorIntake
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.signatures.standard_webhooks import NotVerified
from alc_app.runtime.storage.sealing import CannotUnseal
from alc_app.runtime.storage.tables import WebhookHandlerRow
from alc_app.runtime.stores.inbox import NotStored
from alc_app.runtime.workflows.activations import webhook_function

MAX_BODY = 64 * 1024
RETRY_SOON = {"Retry-After": "5"}
STATUS_OF = {"stored": 200, "duplicate": 200, "conflict": 409}
log = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """Serve `POST /hooks/{handler_id}` for ALC and `POST /attio/events/{handler_id}` for Attio.

    Each has its own signature scheme.
    """
    hooks = Blueprint("hooks", __name__)
    intake = Intake(services)
    for name, scheme in SCHEMES.items():
        rule, defaults = f"{scheme.path}<handler_id>", {"signed_by": name}
        hooks.add_url_rule(rule, name, intake.receive, methods=["POST"], defaults=defaults)
        hooks.add_url_rule(rule, f"{name}_handshake", intake.handshake, methods=["GET"], defaults=defaults)
    return hooks


class Intake:
    """Answers deliveries. Whatever is refused is refused before anything is written."""

    def __init__(self, services: Services) -> None:
        """Work on these services."""
        self._services = services
        self._refusals = OncePerMinute(log)
        self._connectors = ConnectorIntake(services, self._accept, self._refusals.warn, _unavailable)

    def handshake(self, handler_id: str, signed_by: str) -> Response:
        """Answer a GET, by which some services check that the URL is ours. Only a connector knows the answer."""
        row = self._services.webhook_handlers.row(handler_id)
        if row is not None and not row.connector:
            return Response(status=405, headers={"Allow": "POST"})
        return self.receive(handler_id, signed_by)

    def receive(self, handler_id: str, signed_by: str) -> Response:
        """Answer one delivery, and count it."""
        response = self._respond(handler_id, signed_by)
        if response.status_code >= 300:
            DELIVERIES.labels(str(response.status_code)).inc()
        return response

    def _respond(self, handler_id: str, signed_by: str) -> Response:
        row = self._services.webhook_handlers.row(handler_id)
        if refusal := self._refuse_handler(row, signed_by) or _refuse_body(any_type=bool(row and row.connector)):
            return refusal
        assert row is not None  # noqa: S101 - for the type checker: a missing row was refused above
        raw_body = request.get_data(cache=False)
        with log_delivery(self._services.exchanges, SCHEMES[signed_by], raw_body) as answered:
            return answered(self._answer(row, raw_body))

    def _verify_and_accept(self, row: WebhookHandlerRow, raw_body: bytes) -> Response:
        scheme = SCHEMES[row.signed_by]
        try:
            if row.connector:
                return self._connectors.receive(row, raw_body)
            secrets = self._services.webhook_handlers.secrets(row)
            webhook_id = scheme.verify(secrets, request.headers, raw_body, now=self._services.now())
        except NotVerified as refusal_reason:
            self._refusals.warn(f"Refused a delivery to handler {row.id[:6]}…: {refusal_reason}.")
            if self._services.config.notes_exchanges:
                g.why_refused = scheme.diagnose(secrets[0], request.headers, raw_body, now=self._services.now())
            return Response(status=401)
        except CannotUnseal as error:
            log.error("%s", error)
            return _unavailable()
        return self._accept(row, webhook_id, raw_body)

    def _answer(self, row: WebhookHandlerRow, raw_body: bytes) -> Response:
        """Answer 503 while the handler's file or connector is missing: the sender tries again, and nothing is lost."""
        try:
            return self._verify_and_accept(row, raw_body)
        except NotInManifest as error:
            self._refusals.warn(f"A delivery to handler {row.id[:6]}… is to come again later. {error}")
            return _unavailable()

    def _refuse_handler(self, row: WebhookHandlerRow | None, signed_by: str) -> Response | None:
        """Return 404 for an unknown handler, 410 for a deleted one, 503 for one not ready yet, or None (R18).

        A handler is ready when its connection is saved and its secret is known.
        """
        if row is None or row.signed_by != signed_by:
            return Response(status=404)
        if row.gone_at or row.deleted_at:
            return Response(status=410)
        if row.connector:
            return None  # it may be called before the connection is saved (connector_webhooks.py)
        if not row.secret or self._services.connections.row(row.connection_id).status == "adding":
            return _unavailable()
        return None

    def _accept(self, row: WebhookHandlerRow, webhook_id: str, raw_body: bytes) -> Response:
        """Store a verified delivery, unless the handler refuses it, and return the response."""
        answer = self._run_to_first_effect(row, webhook_id, raw_body)
        failpoint("delivery_verified")
        if answer and answer.status >= 300:
            return Response(answer.body, status=answer.status, content_type="text/plain; charset=utf-8")
        try:
            stored = self._services.inbox.put(row.id, webhook_id, raw_body, "ignored" if answer else "new")
        except NotStored:
            return _unavailable()
        result = "ignored" if answer else stored
        if result != "conflict":  # `receive` counts that as a refusal
            DELIVERIES.labels(result).inc()
        extra = {"handler_id": f"{row.id[:6]}…", "webhook_id": webhook_id}  # the whole id is a secret (R18)
        log.info("The delivery %s is answered: %s.", webhook_id, result, extra=extra)
        failpoint("delivery_stored")
        return Response(status=STATUS_OF[stored])

    def _run_to_first_effect(self, row: WebhookHandlerRow, webhook_id: str, raw_body: bytes) -> HandlerResponse | None:
        """Return what the handler answers before its first effect; None if it has an effect."""
        handler = webhook_function(self._services, row.file_name)
        try:
            with running(IntakeContext(self._services, connection_id=row.connection_id)):
                return handler(Request(raw_body, {"webhook-id": webhook_id}))
        except ReachedFirstEffect:
            return None
        except BadRequest as error:
            return HandlerResponse(f"Bad Request: {error}", status=400)


def _unavailable() -> Response:
    return Response(status=503, headers=RETRY_SOON)


def _refuse_body(*, any_type: bool) -> Response | None:
    """Return 411 for a body without a length, 413 for one too long, 415 for another type, or None (R7, R8)."""
    if request.content_length is None and request.method != "GET":
        return Response(status=411)
    if (request.content_length or 0) > MAX_BODY:
        return Response(status=413)
    plain = request.content_encoding in (None, "", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if (request.mimetype != "application/json" and not any_type) or charset not in ("utf-8", "utf8") or not plain:
        return Response(status=415)
    return None
