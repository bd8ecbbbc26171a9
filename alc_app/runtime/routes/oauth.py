"""The browser's side of a connection: Connect, the callback, Disconnect. Installation 2-4, Removal.

The callback only accepts; redeeming, the app's event handler and saving are one durable run on the worker.
"""

from __future__ import annotations

import logging
import secrets

from flask import Blueprint, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from alc_app.attio.host import trace
from alc_app.attio.host.context import running
from alc_app.attio.host.errors import ServerFunctionError, ServerFunctionTimeout
from alc_app.runtime.context import AppContext
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.oauth_client import OAuthFailed
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.stores.oauth_flows import CallbackRefused, ConsentDenied

WAIT = 20.0
NOTICE_OF = {
    "AlcRefused": "webhook_refused",
    "AlcUnreachable": "alc_unreachable",
    "AlcAnswerLost": "alc_unreachable",
    "OAuthFailed": "alc_unreachable",
}
ALC = "ALC"
SHOWS = {
    "connected": "Shows app is now installed",
    "disconnected": "Shows the connection is removed",
    "clean_up_pending": "Shows what is still to be cleaned up",
    "in_progress": "Shows that it is still at work",
}
log = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """`/connections/alc/…`; each route ends on the install page with a notice of what happened."""
    routes = Blueprint("connections", __name__, url_prefix="/connections/alc")

    @routes.get("/connect")
    def connect() -> ResponseReturnValue:
        asked_by_script = request.accept_mimetypes.best == "application/json"  # it cannot see where a redirect leads
        session.setdefault("browser", secrets.token_urlsafe(32))
        session["trace"] = trace.traceparent()  # the callback goes on with it
        services.exchanges.add("User", "Attio UI", "Clicks to install app")
        try:
            with log_calls_as(services.exchanges, "Attio UI"):
                to_alc = services.oauth_flows.begin(session["browser"])
        except OAuthFailed as error:
            log.warning("Cannot connect: %s", error.message)
            if asked_by_script:
                abort(503, error.message)
            return _back("alc_unreachable")
        services.exchanges.add("Attio UI", "User", "Prompts to add connection to ALC")
        return {"location": to_alc} if asked_by_script else redirect(to_alc, code=303)

    @routes.get("/callback")
    def callback() -> Response:
        trace.begin(session.pop("trace", None))
        try:
            flow_id = services.oauth_flows.accept(request.args.to_dict(flat=False), session.get("browser", ""))
        except ConsentDenied as denied:
            services.exchanges.add("User", ALC, "Does not allow it")
            return _back(str(denied))
        except CallbackRefused as refused:
            abort(400, str(refused))
        services.exchanges.add("User", ALC, "Logs in (OAuth flow)")
        services.exchanges.add(ALC, "Attio UI", "Redirects back with a code", kind="answer")
        failpoint("callback_accepted")
        session["connecting"] = services.engine.enqueue(
            "connect", flow_id, queue="lifecycle", run_id=f"connect:{flow_id}"
        )
        if request.headers.get("Sec-Fetch-Mode") != "navigate":  # nobody looks: wait here
            return ended()
        session["trace"] = trace.traceparent()
        return redirect(url_for("pages.install", connecting=flow_id), code=303)

    @routes.get("/ended")
    def ended() -> Response:
        """How the run went that this browser has begun; waits for its end."""
        run_id = session.pop("connecting", None)
        if run_id is None:
            return redirect(url_for("pages.install"), code=303)
        if "trace" in session:
            trace.begin(session.pop("trace"))
        notice = _ended(services, run_id, "connected")
        services.exchanges.add("Attio UI", "User", SHOWS.get(notice, "Shows what went wrong"), kind="answer")
        return _back(notice)

    @routes.post("/disconnect")
    def disconnect() -> Response:
        live = services.connections.live(WORKSPACE)
        if live is None:
            return _back("disconnected")
        services.exchanges.add("User", "Attio UI", "Removes the connection")
        with running(AppContext(services)):
            strict = services.manifest.events.strict_removal()
        run_id = services.engine.enqueue(
            "disconnect", live.id, strict, queue="lifecycle", deduplication_id=f"disconnect:{live.id}"
        )
        notice = _ended(services, run_id, "disconnected", "removal_refused" if strict else "clean_up_pending")
        services.exchanges.add("Attio UI", "User", SHOWS.get(notice, "Shows what went wrong"), kind="answer")
        return _back(notice)

    return routes


def _ended(services: Services, run_id: str, well: str, badly: str = "") -> str:
    """The notice that tells how a run went; without `badly` it is that of the error."""
    try:
        result = services.engine.wait_for_outcome(run_id, within=WAIT)
    except ServerFunctionTimeout:
        return "in_progress"
    except ServerFunctionError:
        return "failed"
    if "error" not in result:
        return well
    log.warning("This did not end as %s: %s", well, result["error"]["message"])
    return badly or NOTICE_OF.get(result["error"]["name"], "failed")


def _back(notice: str) -> Response:
    return redirect(url_for("pages.install", notice=notice), code=303)
