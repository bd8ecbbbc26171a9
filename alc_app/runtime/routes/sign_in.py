"""Sign in at the provider and out again. Only `ALC_APP_AUTH=oidc` uses these routes; a proxy does it by itself."""

from __future__ import annotations

import logging
from typing import NoReturn

from flask import Blueprint, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthFailed
from alc_app.runtime.routes.browser import (
    HOME,
    StartOver,
    begin_flow,
    flow_secret,
    forget_all_flows,
    is_other_loopback_name,
    own_path,
    refuse_head,
)
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.oidc import BAD_ANSWER
from alc_app.runtime.sign_in.people import person_id
from alc_app.runtime.sign_in.roles import NotInvited
from alc_app.runtime.stores.oauth_flows import CallbackRefused, ConsentDenied

SESSION = "session"
"""Key of the cookie under which the browser keeps the id of its session."""
DENIED = "You did not sign in at the provider. Sign in again to continue."
log = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """Serve `/sign-in`, its callback, `/sign-out` and `/signed-out`."""
    routes = Blueprint("sign_in", __name__)
    routes.before_request(refuse_head)

    @routes.get("/sign-in")
    def sign_in() -> ResponseReturnValue:
        if services.config.auth != "oidc":
            return redirect(HOME, 303)
        if is_other_loopback_name(services.config.base_url):
            return redirect(services.config.base_url + request.full_path, 303)
        return_to = own_path(request.args.get("return_to", ""))
        try:
            return redirect(begin_flow(services.sign_in_flows, return_to=return_to), 303)
        except OAuthFailed as error:
            _refuse("Sign-in does not work", error)

    @routes.get("/sign-in/callback")
    def callback() -> ResponseReturnValue:
        try:
            flow_id = services.sign_in_flows.accept(request.args.to_dict(flat=False), flow_secret())
            grant = services.sign_in_flows.grant(flow_id)
            services.sign_in_flows.erase_secrets(flow_id)
            if grant is None:
                raise CallbackRefused("This sign-in was already used.", "Sign in again.")
            found = services.provider.redeem(grant.code, grant.verifier)
            person = services.roles.person(services.provider.issuer, found.claims)
        except ConsentDenied:
            abort(403, DENIED)
        except CallbackRefused as refused:
            raise StartOver(refused.what, refused.advice) from refused
        except OAuthFailed as error:
            _refuse("A sign-in failed", error)
        except NotInvited as error:
            services.sessions.end_all(person_id(services.provider.issuer, found.claims["sub"]))  # of former roles
            log.warning("A sign-in was refused: %s", error)
            abort(403, str(error))
        is_same_person = services.sessions.person(session.get(SESSION, "")) == person
        _end_session(services)  # whoever was signed in here is not any more
        services.people.save(person)
        if not is_same_person:
            session.clear()  # with it the CSRF token, which belonged to nobody, or to another person
        session[SESSION] = services.sessions.begin(person, found.id_token)
        log.info("%s (%s) has signed in as %s.", person.name, person.email, person.role)
        return redirect(grant.return_to or HOME, 303)

    @routes.post("/sign-out")
    def sign_out() -> str:
        id_token = _end_session(services)
        session.clear()
        forget_all_flows()
        # A page leads on: after a form the browser would not follow a redirect to another origin (CSP, form-action).
        return render_template("signed_out.html", leads_to=services.provider.sign_out_url(id_token) if id_token else "")

    @routes.get("/signed-out")
    def signed_out() -> str:
        return render_template("signed_out.html", leads_to="")

    return routes


def _end_session(services: Services) -> str:
    """End the session of this browser, if it has one; return its id token."""
    return services.sessions.end(session[SESSION]) if SESSION in session else ""


def _refuse(what: str, error: OAuthFailed) -> NoReturn:
    """Answer 503, because the provider is away, or answers as it should not: what is wrong is for the log."""
    log.warning("%s: %s", what, error.message)
    abort(503, BAD_ANSWER if isinstance(error, OAuthBadAnswer) else error.message)
