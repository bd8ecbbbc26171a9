"""The authorize page: sign in, consent, and the redirect back (RFC 6749 4.1.1, RFC 9207, RFC 9700)."""

from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, TooManyRequests

from mock_alc.base.accounts import Account
from mock_alc.oauth.server import Request, server
from mock_alc.oauth.tables import Client
from mock_alc.services import alc
from mock_alc.web.app_hooks import CONTENT_SECURITY_POLICY
from mock_alc.web.fault_answers import oauth_error
from mock_alc.web.login import check_binding, form_binding, login_page, sign_in, signed_in_account

pages = Blueprint("authorize", __name__)
SCOPE_DESCRIPTIONS = {
    "leads": "Send leads to Acme Lead Checker and read their results",
    "webhooks": "Register webhooks that report on your leads",
}


@pages.route("/oauth/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    """Show the next page of the flow, or handle the form of the last one."""
    with alc().database.read() as session:
        g.oauth_transaction = session
        client = _known_client()
        try:
            # Check the request before showing anything, and again when a form is posted (A18).
            grant = _grant()
            _raise_injected_error()
        except OAuth2Error as error:
            return _redirect_with_error(error)
        scopes = str(grant.request.scope).split()
    if request.method in ("GET", "HEAD"):
        return _page(client, scopes)
    if request.form.get("decision") not in ("allow", "deny"):
        problem, status = sign_in()
        if problem is not None:
            return _allow_redirect(client, login_page(problem, client=client), status)
        return redirect(request.full_path, 303)
    return _decide()


def _page(client: Client, scopes: list[str]) -> Response:
    account = signed_in_account()
    if account is None:
        return _allow_redirect(client, login_page(client=client))
    page = render_template(
        "consent.html",
        client=client,
        account=account,
        scopes={scope: SCOPE_DESCRIPTIONS[scope] for scope in scopes},
        redirect_host=urlsplit(request.args["redirect_uri"]).netloc or request.args["redirect_uri"],
        binding=form_binding("consent"),
    )
    return _allow_redirect(client, page)


def _decide() -> Response:
    """Handle Allow or Deny; Allow issues a code in the same transaction."""
    check_binding("consent")
    account = signed_in_account()
    if account is None:
        raise BadRequest("Your session has ended. Start again from the application that sent you here.")
    key = f"{account.id} {request.remote_addr}"
    if wait := alc().decisions.seconds_to_wait(key):
        raise TooManyRequests("Too many decisions. Wait a minute and try again.", retry_after=wait)
    alc().decisions.record(key)
    allowed: Account | None = account if request.form["decision"] == "allow" else None
    with alc().database.write() as session:
        g.oauth_transaction = session
        try:
            response: Response = server.create_authorization_response(
                request=Request(), grant_user=allowed, grant=_grant()
            )
        except OAuth2Error as error:
            return _redirect_with_error(error)
    response.status_code = 303  # 303, so that the browser does not repeat the POST (A11).
    return response


def _known_client() -> Client:
    """Return the client if `redirect_uri` belongs to it; raise BadRequest, and never redirect, otherwise (A3, A11)."""
    for name, values in request.args.lists():
        if len(values) > 1 and name in ("client_id", "redirect_uri"):
            raise BadRequest(f"The address repeats the parameter {name}. Send it once.")
    client = server.query_client(request.args.get("client_id", ""))
    if client is None:
        raise BadRequest("There is no application with this client_id.")
    if not client.check_redirect_uri(request.args.get("redirect_uri", "")):
        raise BadRequest(
            f"{client.name} did not register this redirect_uri. It must match exactly; only the port of "
            f"http://127.0.0.1 and http://[::1] may differ."
        )
    return client


def _grant() -> Any:
    """Check the rest of the request with Authlib; raise OAuth2Error, which is sent to the checked redirect URI."""
    redirect_uri = request.args["redirect_uri"]
    for name, values in request.args.lists():
        if len(values) > 1:
            shown = name if name.isascii() and name.isidentifier() else "of the query"
            raise OAuth2Error(
                f"The parameter {shown} was sent more than once.", error="invalid_request", redirect_uri=redirect_uri
            )
    if request.args.get("response_type") != "code":
        # Authlib copies an unknown type into a header and raises for some values.
        error = "unsupported_response_type" if request.args.get("response_type") else "invalid_request"
        raise OAuth2Error("This server supports response_type=code only.", error=error, redirect_uri=redirect_uri)
    return server.get_consent_grant()


def _raise_injected_error() -> None:
    """Raise the OAuth2Error of an injected fault, if there is one for this request."""
    if injected := oauth_error():
        error, description = injected
        raise OAuth2Error(description, error=error, redirect_uri=request.args["redirect_uri"])


def _redirect_with_error(error: OAuth2Error) -> Response:
    """Send an error to the checked redirect URI, with `state` and with `iss`, which Authlib omits here (A10)."""
    error.state = request.args.get("state")
    error.redirect_uri = request.args["redirect_uri"]
    response: Response = server.handle_error_response(None, error)
    server.issuer.add_issuer_parameter(server, response)
    response.status_code = 303
    return response


def _allow_redirect(client: Client, page: str, status: int = 200) -> Response:
    """Return a page whose form may redirect to the client: Chromium applies `form-action` to redirects too (U3)."""
    target = urlsplit(request.args["redirect_uri"])
    origin = f"{target.scheme}://{target.netloc}" if target.netloc else f"{target.scheme}:"
    response = make_response(page, status)
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY} {origin}"
    return response
