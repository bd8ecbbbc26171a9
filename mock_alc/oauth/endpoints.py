"""The OAuth endpoints for programs: metadata, token and revocation."""

from collections.abc import Callable
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from mock_alc.oauth.server import server
from mock_alc.oauth.tables import AUTH_METHODS, SCOPES
from mock_alc.services import alc

pages = Blueprint("oauth", __name__)
FORM = "application/x-www-form-urlencoded"


@pages.get("/.well-known/oauth-authorization-server")
def metadata() -> ResponseReturnValue:
    """Return the server metadata (RFC 8414), which lists exactly what this server supports (A16)."""
    issuer = alc().config.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "authorization_response_iss_parameter_supported": True,
    }


@pages.post("/oauth/token")
def token() -> ResponseReturnValue:
    """Redeem a code or a refresh token (RFC 6749 4.1.3 and 6)."""
    return _answer(server.create_token_response)


@pages.post("/oauth/revoke")
def revoke() -> ResponseReturnValue:
    """Revoke a token (RFC 7009)."""
    return _answer(lambda: server.create_endpoint_response("revocation"))


def _answer(create: Callable[[], Any]) -> Response:
    """Run an endpoint in one transaction; errors commit too, because they invalidate codes and revoke families."""
    with alc().database.write() as session:
        g.oauth_transaction = session
        try:
            _check_form()
            response: Response = create()
        except OAuth2Error as error:
            response = server.handle_error_response(None, error)
    response.headers["Cache-Control"] = "no-store"
    return response


def _check_form() -> None:
    if request.mimetype != FORM:
        raise InvalidRequestError(f"Send the parameters as {FORM}.")
    for name, values in request.form.lists():
        if len(values) > 1:
            shown = name if name.isidentifier() and name.isascii() else "of the form"
            raise InvalidRequestError(f"The parameter {shown} was sent more than once.")
    grant = request.form.get("grant_type")
    if request.endpoint == "oauth.token" and grant not in ("authorization_code", "refresh_token"):
        raise OAuth2Error(
            "This server supports the grant types authorization_code and refresh_token.",
            error="unsupported_grant_type" if grant else "invalid_request",
        )
