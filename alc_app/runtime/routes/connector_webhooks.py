"""The door for deliveries that a connector reads: a handshake is answered, events are stored, and then answered.

The address may be called before `subscribe` has returned: a service that wants to see its challenge answered does so
while our registration is still open. Events are taken only when the subscription is known and the request is verified.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from alc_app.attio.host.connector import Connector, ConnectorResponse, Handled, InvalidSignature
from alc_app.attio.http import BadRequest, Request
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.signatures.standard_webhooks import NotVerified
from alc_app.runtime.storage.tables import WebhookHandlerRow

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
Take = Callable[[WebhookHandlerRow, str, bytes], Response]
log = logging.getLogger(__name__)


class ConnectorIntake:
    """Takes one request after another; `take` stores one event as a delivery and answers for it."""

    def __init__(
        self, services: Services, take: Take, refuse: Callable[[str], None], wait: Callable[[], Response]
    ) -> None:
        self._services, self._take, self._refuse, self._wait = services, take, refuse, wait

    def receive(self, row: WebhookHandlerRow, raw_body: bytes) -> Response:
        """Answer one request. Raises: CannotUnseal."""
        connector = self._services.manifest.connector(row.connector)
        delivery_id = self._verified(connector, row, raw_body)
        try:
            handled = self._handle(connector, row, raw_body)
        except InvalidSignature as error:
            return self._refused(row, str(error))
        except BadRequest as error:
            return Response(f"Bad Request: {error}", status=400, content_type="text/plain; charset=utf-8")
        if delivery_id is None and (handled.events or handled.state is not None or handled.response is None):
            return self._refused(row, "it is not signed as the connector says")
        if handled.events and not self._is_open(row):
            return self._wait()
        return self._store(row, delivery_id or "", handled)

    def _verified(self, connector: Connector, row: WebhookHandlerRow, raw_body: bytes) -> str | None:
        """The id of a delivery that may be trusted; None for one that may not, except for a handshake."""
        if not connector.signed_by:  # its `handle` verifies; the same bytes are the same delivery
            return f"sha256_{hashlib.sha256(raw_body).hexdigest()[:40]}"
        secret = self._services.webhook_handlers.secret(row)
        try:
            return SCHEMES[connector.signed_by].verify([secret], request.headers, raw_body, now=self._services.now())
        except NotVerified:
            return None

    def _handle(self, connector: Connector, row: WebhookHandlerRow, raw_body: bytes) -> Handled:
        kept = self._services.subscriptions.row(row.id)
        return connector.handle(
            query=request.args.to_dict(),
            data=_data(raw_body),
            headers={name.lower(): value for name, value in request.headers.items()},
            state=self._services.subscriptions.state(kept) if kept else {},
            parameters=self._services.subscriptions.parameters(kept) if kept else {},
            raw_body=_text(raw_body),
        )

    def _is_open(self, row: WebhookHandlerRow) -> bool:
        """Has the connection been saved, and has `subscribe` returned?"""
        kept = self._services.subscriptions.row(row.id)
        adding = self._services.connections.row(row.connection_id).status == "adding"
        return bool(kept and kept.state) and not adding

    def _store(self, row: WebhookHandlerRow, delivery_id: str, handled: Handled) -> Response:
        for number, event in enumerate(handled.events):
            log.info("The connector %s has read: a record was %s.", row.connector, event.type)
            its_id = delivery_id if number == 0 else f"{delivery_id}_{number}"
            answer = self._take(row, its_id, json.dumps(event.record, ensure_ascii=False).encode())
            if answer.status_code >= 300:
                return answer  # the service comes again; what is stored already is a duplicate then
        if handled.state is not None:
            self._services.subscriptions.set_state(row.id, handled.state)
        return _answer(handled.response or ConnectorResponse())

    def _refused(self, row: WebhookHandlerRow, why: str) -> Response:
        self._refuse(f"Refused a request to the connector at {row.id[:6]}…: {why}.")
        return Response(status=401)


def _answer(wanted: ConnectorResponse) -> Response:
    if wanted.data is None or isinstance(wanted.data, str):
        answer = Response(wanted.data or "", content_type="text/plain; charset=utf-8")
    else:
        answer = jsonify(wanted.data)
    answer.status_code = wanted.status
    answer.headers.update(wanted.headers)
    return answer


def _data(raw_body: bytes) -> Any:
    """The body by its type, as the docs say: JSON, a form, or text."""
    if not raw_body:
        return None
    if request.mimetype == JSON:
        return Request(raw_body).json()
    return request.form.to_dict() if request.mimetype == FORM else _text(raw_body)


def _text(raw_body: bytes) -> str:
    try:
        return raw_body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
