"""The door for deliveries: verify the raw body, store it, answer at once. The work comes later, on the worker.

A 2xx means stored (R17). Whatever the handler answers before its first effect, such as 400, goes to the sender.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, g, request

from alc_app.attio.host.context import running
from alc_app.attio.http import BadRequest, Request
from alc_app.attio.http import Response as HandlerResponse
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
WAIT_A_LITTLE = {"Retry-After": "5"}
ANSWER_OF = {"stored": 200, "duplicate": 200, "conflict": 409}
log = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """`POST /hooks/{handler_id}` for ALC, `POST /attio/events/{handler_id}` for Attio: a scheme of signing for each."""
    hooks = Blueprint("hooks", __name__)
    intake = Intake(services)
    for name, scheme in SCHEMES.items():
        rule, defaults = f"{scheme.path}<handler_id>", {"signed_by": name}
        hooks.add_url_rule(rule, name, intake.receive, methods=["POST"], defaults=defaults)
        hooks.add_url_rule(rule, f"{name}_handshake", intake.handshake, methods=["GET"], defaults=defaults)
    return hooks


class Intake:
    """Takes one delivery after another. Each refusal happens before anything is written."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._refusals = OncePerMinute(log)
        self._connectors = ConnectorIntake(services, self._take, self._refusals.warn, _come_again)

    def handshake(self, handler_id: str, signed_by: str) -> Response:
        """Some services ask by GET whether the address is ours; only a connector knows what to answer."""
        row = self._services.webhook_handlers.row(handler_id)
        if row is not None and not row.connector:
            return Response(status=405, headers={"Allow": "POST"})
        return self.receive(handler_id, signed_by)

    def receive(self, handler_id: str, signed_by: str) -> Response:
        """Answer one delivery, and count it."""
        answer = self._answer(handler_id, signed_by)
        if answer.status_code >= 300:
            DELIVERIES.labels(str(answer.status_code)).inc()
        return answer

    def _answer(self, handler_id: str, signed_by: str) -> Response:
        row = self._services.webhook_handlers.row(handler_id)
        if refusal := self._not_open(row, signed_by) or _unreadable(any_type=bool(row and row.connector)):
            return refusal
        assert row is not None  # noqa: S101 - for the type checker: a missing row was refused above
        raw_body = request.get_data(cache=False)
        with log_delivery(self._services.exchanges, SCHEMES[signed_by], raw_body) as log_response:
            return log_response(self._verify_and_take(row, raw_body))

    def _verify_and_take(self, row: WebhookHandlerRow, raw_body: bytes) -> Response:
        scheme = SCHEMES[row.signed_by]
        try:
            if row.connector:
                return self._connectors.receive(row, raw_body)
            secret = self._services.webhook_handlers.secret(row)
            webhook_id = scheme.verify([secret], request.headers, raw_body, now=self._services.now())
        except NotVerified as refusal_reason:
            self._refusals.warn(f"Refused a delivery to handler {row.id[:6]}…: {refusal_reason}.")
            if self._services.config.notes_exchanges:
                g.why_refused = scheme.diagnose(secret, request.headers, raw_body, now=self._services.now())
            return Response(status=401)
        except CannotUnseal as error:
            log.error("%s", error)
            return _come_again()
        return self._take(row, webhook_id, raw_body)

    def _not_open(self, row: WebhookHandlerRow | None, signed_by: str) -> Response | None:
        """Unknown 404, deleted 410, not saved yet or without its secret yet 503 (R18)."""
        if row is None or row.signed_by != signed_by:
            return Response(status=404)
        if row.gone_at or row.deleted_at:
            return Response(status=410)
        if row.connector:
            return None  # it may be asked before the connection is saved (connector_intake.py)
        if not row.secret or self._services.connections.row(row.connection_id).status == "adding":
            return _come_again()
        return None

    def _take(self, row: WebhookHandlerRow, webhook_id: str, raw_body: bytes) -> Response:
        answer = self._read(row, webhook_id, raw_body)
        failpoint("delivery_verified")
        if answer and answer.status >= 300:
            return Response(answer.body, status=answer.status, content_type="text/plain; charset=utf-8")
        try:
            verdict = self._services.inbox.put(row.id, webhook_id, raw_body, "ignored" if answer else "new")
        except NotStored:
            return _come_again()
        what = "ignored" if answer else verdict
        if what != "conflict":  # which is counted as the refusal that it is
            DELIVERIES.labels(what).inc()
        told = {"handler_id": f"{row.id[:6]}…", "webhook_id": webhook_id}  # the whole address is a secret (R18)
        log.info("The delivery %s is log_response: %s.", webhook_id, what, extra=told)
        failpoint("delivery_stored")
        return Response(status=ANSWER_OF[verdict])

    def _read(self, row: WebhookHandlerRow, webhook_id: str, raw_body: bytes) -> HandlerResponse | None:
        """What the handler answers without doing anything; None, when it has something to do."""
        handler = webhook_function(self._services, row.file_name)
        try:
            with running(IntakeContext(self._services, connection_id=row.connection_id)):
                return handler(Request(raw_body, {"webhook-id": webhook_id}))
        except ReachedFirstEffect:
            return None
        except BadRequest as error:
            return HandlerResponse(f"Bad Request: {error}", status=400)


def _come_again() -> Response:
    return Response(status=503, headers=WAIT_A_LITTLE)


def _unreadable(*, any_type: bool) -> Response | None:
    """Bodies that are not read at all: without a length, too long, of another type (R7, R8)."""
    if request.content_length is None and request.method != "GET":
        return Response(status=411)
    if (request.content_length or 0) > MAX_BODY:
        return Response(status=413)
    plain = request.content_encoding in (None, "", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if (request.mimetype != "application/json" and not any_type) or charset not in ("utf-8", "utf8") or not plain:
        return Response(status=415)
    return None
