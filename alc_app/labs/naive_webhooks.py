"""The webhook route of the naive code: nothing is verified, and ALC waits while the handler runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, request

from alc_app.attio import Request
from alc_app.attio.host.context import running
from alc_app.labs.naive.runtime import NaiveRuntime
from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.runtime.exchanges.deliveries import LoggedRequest, log_delivery
from alc_app.runtime.exchanges.log import ExchangeLog, log_calls_as
from alc_app.runtime.signatures.schemes import SCHEMES

WEBHOOK_PATH = "/naive/hooks/"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NaiveHook:
    """What a delivery to a naive webhook handler meets: the runtime, and the log of what goes over the wire."""

    runtime: NaiveRuntime
    exchanges: ExchangeLog

    def receive(self, body: bytes) -> Response:
        """Run the handler; what it does not catch is a 500, as on Attio's servers."""
        runtime: Any = self.runtime  # implements only the part of Runtime that the tutorial's code uses
        try:
            with running(runtime), log_calls_as(self.exchanges, "Webhook"):
                answer = lead_processed(Request(body))
        except Exception as error:
            log.info("The naive webhook handler failed: %s", error)
            return Response(status=500)
        return Response(answer.body, status=answer.status)


NaiveHooks = dict[str, NaiveHook]
"""By the handler's id, while a lab runs."""


def blueprint(hooks: NaiveHooks) -> Blueprint:
    """Serve `POST /naive/hooks/{handler_id}` for the handlers in `hooks`, and answer 404 for all others."""
    routes = Blueprint("naive", __name__)

    @routes.post(f"{WEBHOOK_PATH}<handler_id>")
    def receive(handler_id: str) -> Response:
        hook = hooks.get(handler_id)
        if hook is None:
            abort(404)
        delivery = LoggedRequest(request.environ)
        with log_delivery(hook.exchanges, SCHEMES["standard_webhooks"], delivery) as answered:
            response = hook.receive(delivery.get_data())
            answered(response)
        return response

    return routes
