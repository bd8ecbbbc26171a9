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
from alc_app.runtime.stores.handler_cache import HandlerChanged, KnownHandler
from alc_app.runtime.stores.inbox import NotStored
from alc_app.runtime.workflows.activations import webhook_function

MAX_BODY = 64 * 1024
RETRY_SOON = {"Retry-After": "5"}
CHANGES = 3
"""How often a handler may change while one delivery is answered; then the sender is asked to come again."""
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
        handlers = self._services.handler_cache
        handler = handlers.kept(handler_id)
        refusal: Response | None = None
        if handler is None or _refuse(handler, signed_by):  # what is refused is refused by what is stored now
            handler = handlers.read(handler_id)
            if handler is None:
                return Response(status=404)
            refusal = _refuse(handler, signed_by)
            if refusal:
                return refusal
        raw_body = request.get_data(cache=False)
        with log_delivery(self._services.exchanges, SCHEMES[signed_by], raw_body) as answered:
            for _ in range(CHANGES):
                try:
                    return answered(refusal or self._answer(handler, raw_body))
                except HandlerChanged:
                    handler = handlers.read(handler_id) or handler  # no handler is ever deleted from the table
                    refusal = _refuse(handler, signed_by)
            return answered(_unavailable())

    def _answer(self, handler: KnownHandler, raw_body: bytes) -> Response:
        """Answer 503 while the handler's file or connector is missing: the sender tries again, and nothing is lost."""
        try:
            return self._verify_and_accept(handler, raw_body)
        except NotInManifest as error:
            self._refusals.warn(f"A delivery to handler {handler.id[:6]}… is to come again later. {error}")
            return _unavailable()

    def _verify_and_accept(self, handler: KnownHandler, raw_body: bytes) -> Response:
        scheme = SCHEMES[handler.signed_by]
        try:
            if handler.connector:
                return self._connectors.receive(handler, raw_body)
            secrets = self._services.webhook_handlers.secrets(handler)
            webhook_id = scheme.verify(secrets, request.headers, raw_body, now=self._services.now())
        except NotVerified as refusal_reason:
            self._services.handler_cache.confirm(handler)
            self._refusals.warn(f"Refused a delivery to handler {handler.id[:6]}…: {refusal_reason}.")
            if self._services.config.notes_exchanges:
                g.why_refused = scheme.diagnose(secrets[0], request.headers, raw_body, now=self._services.now())
            return Response(status=401)
        except CannotUnseal as error:
            log.error("%s", error)
            return _unavailable()
        return self._accept(handler, webhook_id, raw_body)

    def _accept(self, handler: KnownHandler, webhook_id: str, raw_body: bytes) -> Response:
        """Store a verified delivery, unless the handler refuses it, and return the response. Raises: HandlerChanged."""
        answer, state = self._run_to_first_effect(handler, webhook_id, raw_body)
        failpoint("delivery_verified")
        if answer and answer.status >= 300:
            self._services.handler_cache.confirm(handler)
            return Response(answer.body, status=answer.status, content_type="text/plain; charset=utf-8")
        try:
            stored = self._services.inbox.put(handler.id, webhook_id, raw_body, state, handler)
        except NotStored:
            return _unavailable()
        result = "ignored" if state == "ignored" else stored
        if result != "conflict":  # `receive` counts that as a refusal
            DELIVERIES.labels(result).inc()
        extra = {"handler_id": f"{handler.id[:6]}…", "webhook_id": webhook_id}  # the whole id is a secret (R18)
        log.info("The delivery %s is answered: %s.", webhook_id, result, extra=extra)
        failpoint("delivery_stored")
        return Response(status=STATUS_OF[stored])

    def _run_to_first_effect(
        self, handler: KnownHandler, webhook_id: str, raw_body: bytes
    ) -> tuple[HandlerResponse | None, str]:
        """Return what the handler answers before its first effect, and the state to store the delivery in.

        The answer is None if the handler has an effect, which is for the worker.
        """
        function = webhook_function(self._services, handler.file_name)
        context = IntakeContext(self._services, connection_id=handler.connection_id)
        try:
            with running(context):
                answer = function(Request(raw_body, {"webhook-id": webhook_id}))
        except ReachedFirstEffect:
            return None, "new"
        except BadRequest as error:
            return HandlerResponse(f"Bad Request: {error}", status=400), "ignored"
        return answer, "done" if context.has_noted else "ignored"


def _refuse(handler: KnownHandler, signed_by: str) -> Response | None:
    """Return 404 at another sender's path, 410 for a deleted handler, 503 for one not ready yet, or None (R18).

    Then refuse the body: 411 without a length, 413 if it is too long, 415 if it is of another type (R7, R8).
    """
    if handler.signed_by != signed_by:
        return Response(status=404)
    if handler.is_gone:
        return Response(status=410)
    if not handler.connector and not handler.is_ready:  # a connector's is called before its connection is saved
        return _unavailable()
    if request.content_length is None and request.method != "GET":
        return Response(status=411)
    if (request.content_length or 0) > MAX_BODY:
        return Response(status=413)
    plain = request.content_encoding in (None, "", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    is_json = request.mimetype == "application/json" or handler.connector
    return None if is_json and plain and charset in ("utf-8", "utf8") else Response(status=415)


def _unavailable() -> Response:
    return Response(status=503, headers=RETRY_SOON)
