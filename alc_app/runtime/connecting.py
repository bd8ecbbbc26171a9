"""The browser's side of a connection: Connect, the callback, Disconnect. Installation 2-4, Removal.

The callback only accepts; redeeming, the app's event handler and saving are one durable run on the worker.
"""

from __future__ import annotations

import logging
import secrets

from flask import Blueprint, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response

from alc_app.attio.errors import ServerFunctionError, ServerFunctionTimeout
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.flows import CallbackRefused, ConsentDenied
from alc_app.runtime.house import WORKSPACE, House
from alc_app.runtime.oauth import OAuthFailed

WAIT = 20.0
NOTICE_OF = {
    "AlcRefused": "webhook_refused",
    "AlcUnreachable": "alc_unreachable",
    "AlcAnswerLost": "alc_unreachable",
    "OAuthFailed": "alc_unreachable",
}
log = logging.getLogger(__name__)


def blueprint(house: House) -> Blueprint:
    """`/connections/alc/…`; each route ends on the install page with a notice of what happened."""
    routes = Blueprint("connections", __name__, url_prefix="/connections/alc")

    @routes.get("/connect")
    def connect() -> Response:
        session.setdefault("browser", secrets.token_urlsafe(32))
        try:
            return redirect(house.flows.begin(session["browser"]), code=303)
        except OAuthFailed as error:
            log.warning("Cannot connect: %s", error.message)
            return _back("alc_unreachable")

    @routes.get("/callback")
    def callback() -> Response:
        try:
            flow_id = house.flows.accept(request.args.to_dict(flat=False), session.get("browser", ""))
        except ConsentDenied as denied:
            return _back(str(denied))
        except CallbackRefused as refused:
            abort(400, str(refused))
        failpoint("callback_accepted")
        run_id = house.engine.ask("connect", flow_id, queue="lifecycle", run_id=f"connect:{flow_id}")
        return _back(_ended(house, run_id, "connected"))

    @routes.post("/disconnect")
    def disconnect() -> Response:
        live = house.connections.live(WORKSPACE)
        if live is None:
            return _back("disconnected")
        run_id = house.engine.ask("disconnect", live.id, queue="lifecycle", only_one_of=f"disconnect:{live.id}")
        return _back(_ended(house, run_id, "disconnected"))

    return routes


def _ended(house: House, run_id: str, well: str) -> str:
    """The notice that tells how a run went."""
    try:
        result = house.engine.outcome(run_id, within=WAIT)
    except ServerFunctionTimeout:
        return "in_progress"
    except ServerFunctionError:
        return "failed"
    if "error" not in result:
        return well
    log.warning("This did not end as %s: %s", well, result["error"]["message"])
    if well == "disconnected":
        return "removal_refused" if house.config.removal == "strict" else "clean_up_pending"
    return NOTICE_OF.get(result["error"]["name"], "failed")


def _back(notice: str) -> Response:
    return redirect(url_for("pages.install", notice=notice), code=303)
