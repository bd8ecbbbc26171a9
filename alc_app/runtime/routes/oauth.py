"""The browser's side of a connection: Connect, the OAuth callback, Disconnect (Installation 2-4, Removal).

`/connect?next=` names the page to return to afterwards: the record whose button asked for a connection, for example.
The callback only checks and stores the grant. Exchanging the code, firing the event and saving the connection are
one durable run on the worker (jobs/connection_lifecycle.py).
"""

from __future__ import annotations

import logging

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
from alc_app.runtime.routes.browser import (
    StartOver,
    begin_flow,
    flow_secret,
    flow_secrets,
    is_other_loopback_name,
    own_path,
    refuse_head,
)
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.sign_in.people import current_person_id
from alc_app.runtime.stores.oauth_flows import CallbackRefused, ConsentDenied

RUN_TIMEOUT = 20.0
"""Seconds that a request waits for the durable run."""
NOTICES = {
    "AlcRefused": "webhook_refused",
    "AlcUnreachable": "alc_unreachable",
    "AlcAnswerLost": "alc_unreachable",
    "AlcBusy": "alc_busy",
    "OAuthBusy": "alc_busy",
    "OAuthFailed": "alc_unreachable",
    "OAuthBadAnswer": "alc_bad_answer",
}
ALC = "ALC"
SHOWN = {
    "connected": "Shows app is now installed",
    "disconnected": "Shows the connection is removed",
    "clean_up_pending": "Shows the remaining clean-up",
    "in_progress": "Shows that it is still running",
}
log = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """Serve `/connections/alc/…`. Each route leads to the install page with a notice of what happened."""
    routes = Blueprint("connections", __name__, url_prefix="/connections/alc")
    routes.before_request(refuse_head)

    @routes.get("/connect")
    def connect() -> ResponseReturnValue:
        return_to = own_path(request.args.get("next", ""), "")
        asked_by_script = request.accept_mimetypes.best == "application/json"  # fetch() hides the target of a redirect
        if not asked_by_script and is_other_loopback_name(services.config.base_url):
            return redirect(services.config.base_url + request.full_path.rstrip("?"), code=303)
        session["trace"] = trace.traceparent()  # continued by the callback
        services.exchanges.add("User", "Attio UI", "Clicks to install app")
        try:
            with log_calls_as(services.exchanges, "Attio UI"):
                authorization_url = begin_flow(services.oauth_flows, current_person_id(), return_to)
        except OAuthFailed as error:
            log.warning("Cannot connect: %s", error.message)
            if asked_by_script:
                abort(503, error.message)
            return _to_install_page(NOTICES[type(error).__name__], return_to)
        services.exchanges.add("Attio UI", "User", "Prompts to add connection to ALC")
        return {"location": authorization_url} if asked_by_script else redirect(authorization_url, code=303)

    @routes.get("/callback")
    def callback() -> Response:
        trace.begin(session.pop("trace", None))
        try:
            flow_id = services.oauth_flows.accept(request.args.to_dict(flat=False), flow_secret(), current_person_id())
        except ConsentDenied as denied:
            services.exchanges.add("User", ALC, "Does not allow it")
            return _to_install_page(str(denied), denied.return_to)
        except CallbackRefused as refused:
            raise StartOver(refused.what, refused.advice) from refused
        services.exchanges.add("User", ALC, "Logs in (OAuth flow)")
        services.exchanges.add(ALC, "Attio UI", "Redirects back with a code", kind="answer")
        failpoint("callback_accepted")
        services.engine.enqueue("connect", flow_id, queue="lifecycle", run_id=_run_of(flow_id))
        if request.headers.get("Sec-Fetch-Mode") != "navigate":  # no page that could show progress: wait here
            return _end(services, flow_id)
        session["trace"] = trace.traceparent()
        return redirect(url_for("pages.install", connecting=flow_id), code=303)

    @routes.get("/ended")
    def ended() -> Response:
        """Wait for the run that connects, and show how it ended, or the page that it was begun for."""
        if "trace" in session:
            trace.begin(session.pop("trace"))
        return _end(services, request.args.get("connecting", ""))

    @routes.post("/disconnect")
    def disconnect() -> Response:
        live = services.connections.live(WORKSPACE)
        if live is None:
            return _to_install_page("disconnected")
        services.exchanges.add("User", "Attio UI", "Removes the connection")
        with running(AppContext(services)):
            strict = services.manifest.events.strict_removal()
        run_id = services.engine.enqueue(
            "disconnect", live.id, strict, queue="lifecycle", deduplication_id=f"disconnect:{live.id}"
        )
        notice = _notice_of_run(services, run_id, "disconnected", "removal_refused" if strict else "clean_up_pending")
        return _show(services, notice)

    return routes


def _run_of(flow_id: str) -> str:
    return f"connect:{flow_id}"


def _end(services: Services, flow_id: str) -> Response:
    """Wait for the run of a flow that this browser began. Another browser has nothing to see here (O2)."""
    return_to = services.oauth_flows.return_to(flow_id, flow_secrets())
    if return_to is None:
        return redirect(url_for("pages.install"), code=303)
    return _show(services, _notice_of_run(services, _run_of(flow_id), "connected"), return_to)


def _notice_of_run(services: Services, run_id: str, success: str, failure: str = "") -> str:
    """Wait for a run; return the notice of how it ended. Without `failure` it depends on the error."""
    try:
        result = services.engine.wait_for_outcome(run_id, within=RUN_TIMEOUT)
    except ServerFunctionTimeout:
        return "in_progress"
    except ServerFunctionError:
        return "failed"
    if "error" not in result:
        return success
    log.warning("%s did not end as %s: %s", run_id, success, result["error"]["message"])
    return failure or NOTICES.get(result["error"]["name"], "failed")


def _show(services: Services, notice: str, return_to: str = "") -> Response:
    services.exchanges.add("Attio UI", "User", SHOWN.get(notice, "Shows what went wrong"), kind="answer")
    if notice == "connected" and return_to:
        return redirect(return_to, code=303)
    return _to_install_page(notice, return_to)


def _to_install_page(notice: str, return_to: str = "") -> Response:
    return redirect(url_for("pages.install", notice=notice, next=return_to or None), code=303)
