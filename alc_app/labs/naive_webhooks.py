"""The webhook route of the naive code: nothing is verified, and ALC waits while the handler runs."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, abort, request

from alc_app.attio import Request
from alc_app.attio.host.context import running
from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.naive_driver import WEBHOOK_PATH, NaiveRuntimes

log = logging.getLogger(__name__)


def blueprint(runtimes: NaiveRuntimes) -> Blueprint:
    """Serve `POST /naive/hooks/{handler_id}` for the handlers in `runtimes`, and answer 404 for all others."""
    routes = Blueprint("naive", __name__)

    @routes.post(f"{WEBHOOK_PATH}<handler_id>")
    def receive(handler_id: str) -> Response:
        runtime: Any = runtimes.get(handler_id)
        if runtime is None:
            abort(404)
        try:
            with running(runtime):
                answer = lead_processed(Request(request.get_data()))
        except Exception as error:
            log.info("The naive webhook handler failed: %s", error)
            return Response(status=500)
        return Response(answer.body, status=answer.status)

    return routes
