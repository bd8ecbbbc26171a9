"""Where ALC calls the naive code: unverified, and handled while ALC waits, as the tutorial's text is literally."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, abort, request

from alc_app.attio import Request
from alc_app.attio.host.context import running
from alc_app.labs.naive.webhooks.lead_processed import lead_processed
from alc_app.labs.naive_side import HOOKS, Addresses

log = logging.getLogger(__name__)


def blueprint(addresses: Addresses) -> Blueprint:
    """`POST /naive/hooks/{handler_id}`, for as long as a lab runs."""
    hooks = Blueprint("naive", __name__)

    @hooks.post(f"{HOOKS}<handler_id>")
    def receive(handler_id: str) -> Response:
        runtime: Any = addresses.get(handler_id)
        if runtime is None:
            abort(404)
        try:
            with running(runtime):
                answer = lead_processed(Request(request.get_data()))
        except Exception as error:
            log.info("The naive webhook handler failed: %s", error)
            return Response(status=500)
        return Response(answer.body, status=answer.status)

    return hooks
