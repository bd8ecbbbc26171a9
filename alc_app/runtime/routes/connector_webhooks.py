"""Receive deliveries for a connector: answer handshakes, store events, then answer.

A service may call the URL before `subscribe` has returned, because it sends its challenge during our registration.
Events are accepted only when the subscription is known and the request is verified.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from werkzeug.wrappers import Request, Response

from alc_app.attio.host.connector import Connector, ConnectorResponse, Handled, InvalidSignature
from alc_app.attio.http import BadRequest
from alc_app.attio.http import Request as HandlerRequest
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.signatures.standard_webhooks import NotVerified
from alc_app.runtime.stores.handler_cache import KnownHandler

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
Accept = Callable[[KnownHandler, str, bytes], Response]
log = logging.getLogger(__name__)


class ConnectorIntake:
    """Answers requests to the URLs of connectors."""

    def __init__(self, services: Services, accept: Accept, unavailable: Callable[[], Response]) -> None:
        """Use `accept` to store one event as a delivery, and `unavailable` to answer 503."""
        self._services, self._accept, self._unavailable = services, accept, unavailable

    def receive(self, request: Request, handler: KnownHandler) -> Response:
        """Answer one request. Raises: CannotUnseal, NotVerified."""
        connector = self._services.manifest.connector(handler.connector)
        delivery_id = self._verify(connector, handler, request)
        try:
            handled = self._handle(connector, handler, request)
        except InvalidSignature as error:
            raise NotVerified(str(error)) from error
        except BadRequest as error:
            return Response(f"Bad Request: {error}", status=400, content_type="text/plain; charset=utf-8")
        if delivery_id is None and (handled.events or handled.state is not None or handled.response is None):
            raise NotVerified("its signature is not the connector's")
        if handled.events and not self._is_ready(handler):
            return self._unavailable()
        return self._store(handler, delivery_id or "", handled)

    def _verify(self, connector: Connector, handler: KnownHandler, request: Request) -> str | None:
        """Return the id of a verified delivery; None for one that is not verified, which may only be a handshake."""
        if not connector.signed_by:  # `handle` verifies instead; the id is made of the body
            return f"sha256_{hashlib.sha256(request.get_data()).hexdigest()[:40]}"
        secrets = self._services.webhook_handlers.secrets(handler)
        try:
            return SCHEMES[connector.signed_by].verify(
                secrets, request.headers, request.get_data(), now=self._services.now()
            )
        except NotVerified:
            return None

    def _handle(self, connector: Connector, handler: KnownHandler, request: Request) -> Handled:
        """Let the connector read the request. One that verifies it itself is given each live secret in turn (R5)."""
        *others, last = self._services.webhook_handlers.secrets(handler)
        for secret in others:
            with suppress(InvalidSignature):
                return self._read(connector, handler, request, secret)
        return self._read(connector, handler, request, last)

    def _read(self, connector: Connector, handler: KnownHandler, request: Request, secret: str) -> Handled:
        subscription = self._services.subscriptions.row(handler.id)
        parameters = self._services.subscriptions.parameters(subscription) if subscription else {}
        return connector.handle(
            query=request.args.to_dict(),
            data=_data(request),
            headers={name.lower(): value for name, value in request.headers.items()},
            state=self._services.subscriptions.state(subscription) if subscription else {},
            parameters={**parameters, "webhookSecret": secret},
            raw_body=_text(request.get_data()),
        )

    def _is_ready(self, handler: KnownHandler) -> bool:
        """Return whether the connection is saved and `subscribe` has returned."""
        subscription = self._services.subscriptions.row(handler.id)
        return bool(subscription and subscription.state) and handler.connection_status != "adding"

    def _store(self, handler: KnownHandler, delivery_id: str, handled: Handled) -> Response:
        """Store the events and the new state, then return the response that the connector wants."""
        for number, event in enumerate(handled.events):
            log.info("The connector %s received an event: a record was %s.", handler.connector, event.type)
            event_id = delivery_id if number == 0 else f"{delivery_id}_{number}"
            response = self._accept(handler, event_id, json.dumps(event.record, ensure_ascii=False).encode())
            if response.status_code >= 300:
                return response  # the service retries; the events stored so far are duplicates then
        if handled.state is not None:
            self._services.subscriptions.set_state(handler.id, handled.state)
        return _to_response(handled.response or ConnectorResponse())


def _to_response(answer: ConnectorResponse) -> Response:
    is_text = answer.data is None or isinstance(answer.data, str)
    response = Response(
        answer.data or "" if is_text else json.dumps(answer.data),
        status=answer.status,
        content_type="text/plain; charset=utf-8" if is_text else JSON,
    )
    response.headers.update(answer.headers)
    return response


def _data(request: Request) -> Any:
    """Return the body by its content type, as Integration.app does: parsed JSON, a form's fields, or text."""
    raw_body = request.get_data()
    if not raw_body:
        return None
    if request.mimetype == JSON:
        return HandlerRequest(raw_body).json()
    return _form(raw_body) if request.mimetype == FORM else _text(raw_body)


def _form(raw_body: bytes) -> dict[str, str]:
    """Return a form's fields, the first value of each. Werkzeug's own parser would replace what cannot be read."""
    try:
        fields = parse_qs(_text(raw_body), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error
    return {name: values[0] for name, values in fields.items()}


def _text(raw_body: bytes) -> str:
    try:
        return raw_body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
