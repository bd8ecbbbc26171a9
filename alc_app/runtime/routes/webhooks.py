"""Receive webhook deliveries: verify the raw body, store it, answer at once. The worker handles it later.

A 2xx means that the delivery is stored (R17). The handler runs here up to its first effect; if it answers before that,
for example with 400, the sender gets that answer.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from alc_app.attio.host.context import running
from alc_app.attio.http import BadRequest
from alc_app.attio.http import Request as HandlerRequest
from alc_app.attio.http import Response as HandlerResponse
from alc_app.attio.manifest import NotInManifest
from alc_app.runtime.context import IntakeContext, ReachedFirstEffect
from alc_app.runtime.exchanges.deliveries import LoggedRequest, log_delivery
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.observability.metrics import count_delivery, count_request
from alc_app.runtime.observability.rate_limited_log import OncePerMinute
from alc_app.runtime.routes.connector_webhooks import ConnectorIntake
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.signatures.standard_webhooks import NotVerified
from alc_app.runtime.storage.database import UNAVAILABLE
from alc_app.runtime.storage.sealing import CannotUnseal
from alc_app.runtime.stores.handler_cache import HandlerChanged, KnownHandler
from alc_app.runtime.stores.inbox import NotStored
from alc_app.runtime.stores.rate_limit import Limit, MemoryRateLimiter
from alc_app.runtime.workflows.activations import webhook_function

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 64 * 1024
RETRY_SOON = {"Retry-After": "5"}
CHANGES = 3
"""How often a handler may change while one delivery is answered; then the sender is asked to come again."""
ONE_A_SECOND = Limit(1, 1)
_SIGNED_BY = {scheme.path: name for name, scheme in SCHEMES.items()}
_URL = re.compile(rf"({'|'.join(_SIGNED_BY)})([A-Za-z0-9_-]+)")
log = logging.getLogger(__name__)


class PreparedResponse(Response):
    """A response without a body that is prepared once, and given often: to prepare one costs half a signature."""

    def __init__(self, status: int) -> None:
        """Prepare it."""
        super().__init__(status=status)
        _, _, self._prepared = self.get_wsgi_response({"REQUEST_METHOD": "POST"})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Give it."""
        start_response(self.status, [*self._prepared])
        return ()


OK = PreparedResponse(200)
ANSWERS = {"stored": OK, "duplicate": OK, "conflict": PreparedResponse(409)}


class Intake:
    """A WSGI app in front of Flask. It answers deliveries, and hands all other requests on.

    A delivery needs no session, no form token and none of the pages' hooks, which cost more than storing it. Whatever
    is refused is refused before anything is written.
    """

    def __init__(
        self,
        services: Services,
        others: WSGIApplication,
        forgeries: Limit,
        is_own_host: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Hand requests that are no deliveries to `others`, and those for a host name that is not ours.

        `forgeries` is how many of one address to one handler are answered with 401; then it is 429.
        """
        self._services, self._others, self._is_own_host = services, others, is_own_host
        self._refusals = OncePerMinute(log)
        self._forgeries, self._second_looks = MemoryRateLimiter(forgeries), MemoryRateLimiter(ONE_A_SECOND)
        self._connectors = ConnectorIntake(services, self._accept, _unavailable)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer `POST /hooks/{handler_id}` for ALC, and `POST /attio/events/{handler_id}` for Attio."""
        url, began = _URL.fullmatch(environ["PATH_INFO"]), time.monotonic()
        if url is None or not self._is_own_host(environ.get("HTTP_HOST", "")):
            return self._others(environ, start_response)
        request, signed_by = LoggedRequest(environ), _SIGNED_BY[url[1]]
        response = self._receive(request, url[2], signed_by)
        count_request(f"hooks.{signed_by}", request.method, response.status_code, time.monotonic() - began)
        return response(environ, start_response)

    def _receive(self, request: LoggedRequest, handler_id: str, signed_by: str) -> Response:
        """Answer one delivery, and count it. The log names no URL: it is a secret (R18)."""
        try:
            response = self._respond(request, handler_id, signed_by)
        except UNAVAILABLE as error:
            log.error("The database failed: %s", getattr(error, "orig", error))
            response = _unavailable()
        except Exception:
            log.exception("A delivery failed.")
            response = Response(status=500)
        if response.status_code >= 300:
            count_delivery(str(response.status_code))
        return response

    def _respond(self, request: LoggedRequest, handler_id: str, signed_by: str) -> Response:
        handlers = self._services.handler_cache
        handler = handlers.kept(handler_id)
        refusal: Response | None = None
        if handler is None or _refuse(request, handler, signed_by):  # what is refused is refused by what is stored now
            handler = handlers.read(handler_id)
            if handler is None:
                return Response(status=404)
            refusal = _refuse(request, handler, signed_by)
            if refusal:
                return refusal
        with log_delivery(self._services.exchanges, SCHEMES[signed_by], request) as answered:
            for _ in range(CHANGES):
                try:
                    return answered(refusal or self._verify_and_accept(request, handler))
                except HandlerChanged:
                    handler = handlers.read(handler_id) or handler  # no handler is ever deleted from the table
                    refusal = _refuse(request, handler, signed_by)
            return answered(_unavailable())

    def _verify_and_accept(self, request: LoggedRequest, handler: KnownHandler) -> Response:
        scheme, raw_body = SCHEMES[handler.signed_by], request.get_data()
        try:
            if handler.connector:
                return self._connectors.receive(request, handler)
            secrets = self._services.webhook_handlers.secrets(handler)
            webhook_id = scheme.verify(secrets, request.headers, raw_body, now=self._services.now())
            return self._accept(handler, webhook_id, raw_body)
        except NotVerified as why:
            return self._refuse_forgery(request, handler, str(why))
        except CannotUnseal as error:
            log.error("%s", error)
        except NotInManifest as error:  # its file or connector is missing
            self._refusals.warn(f"Asked ALC to send a delivery to handler {handler.id[:6]}… again later. {error}")
        return _unavailable()

    def _refuse_forgery(self, request: LoggedRequest, handler: KnownHandler, why: str) -> Response:
        """Answer 401, or 429 if its address sends many (R22). Raises: HandlerChanged.

        Each delivery is verified first, so a good one is never refused. In a flood it is looked up once a second, and
        not each time, whether the handler has another secret by now.
        """
        wait = self._forgeries.hit((handler.id, request.remote_addr))
        if not wait or not self._second_looks.hit(handler.id):
            self._services.handler_cache.confirm(handler)
        self._refusals.warn(f"Refused a delivery to handler {handler.id[:6]}…: {why}.")
        if wait:
            return Response(status=429, headers={"Retry-After": str(math.ceil(wait))})
        if self._services.config.notes_exchanges and not handler.connector:
            [secret, *_], scheme = self._services.webhook_handlers.secrets(handler), SCHEMES[handler.signed_by]
            request.why_refused = scheme.diagnose(secret, request.headers, request.get_data(), now=self._services.now())
        return Response(status=401)

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
        if result != "conflict":  # `_receive` counts that as a refusal
            count_delivery(result)
        failpoint("delivery_stored")
        return ANSWERS[stored]

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
                answer = function(HandlerRequest(raw_body, {"webhook-id": webhook_id}))
        except ReachedFirstEffect:
            return None, "new"
        except BadRequest as error:
            return HandlerResponse(f"Bad Request: {error}", status=400), "ignored"
        return answer, "done" if context.has_noted else "ignored"


def _refuse(request: Request, handler: KnownHandler, signed_by: str) -> Response | None:
    """Return 404 at another sender's path, 410 for a deleted handler, 503 for one not ready yet, or None (R18).

    By a GET some services check that the URL is ours; only a connector knows the answer. The rest is 405 (R8).
    """
    if handler.signed_by != signed_by:
        return Response(status=404)
    if handler.is_gone:
        return Response(status=410)
    methods = ("POST", "GET") if handler.connector else ("POST",)
    if request.method not in methods:
        return Response(status=405, headers={"Allow": ", ".join(methods)})
    if not handler.connector and not handler.is_ready:  # a connector's is called before its connection is saved
        return _unavailable()
    return _refuse_body(request, of_any_type=bool(handler.connector))


def _refuse_body(request: Request, *, of_any_type: bool) -> Response | None:
    """Return 411 without a length, 413 if it is too long, 415 if it is not JSON in UTF-8 (R7, R8), or None."""
    if request.content_length is None and request.method != "GET":
        return Response(status=411)
    if (request.content_length or 0) > MAX_BODY:
        return Response(status=413)
    plain = request.content_encoding in (None, "", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    is_json = request.mimetype == "application/json" or of_any_type
    return None if is_json and plain and charset in ("utf-8", "utf8") else Response(status=415)


def _unavailable() -> Response:
    return Response(status=503, headers=RETRY_SOON)
