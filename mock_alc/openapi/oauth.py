"""The OpenAPI paths and schemas of the OAuth endpoints for programs; the authorize page is for people."""

from typing import Any

from mock_alc.oauth.endpoints import FORM
from mock_alc.oauth.tables import SCOPES
from mock_alc.openapi.parts import TEXT, object_schema, reference, request_body, response

SCHEMAS = {
    "TokenRequest": object_schema(
        {"grant_type": {"enum": ["authorization_code", "refresh_token"]}},
        {
            "code": TEXT,
            "redirect_uri": TEXT,
            "code_verifier": {"type": "string", "pattern": r"^[A-Za-z0-9\-._~]{43,128}$"},
            "refresh_token": TEXT,
            "scope": TEXT,
            "client_id": TEXT,
            "client_secret": TEXT,
        },
        additionalProperties=TEXT,
    ),
    "Tokens": object_schema(
        {"access_token": TEXT, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer"}, "scope": TEXT},
        {
            "refresh_token": {**TEXT, "description": "Good once: each refresh brings a new one."},
            "username": {**TEXT, "description": "Whose account it is, to show to people; the name is RFC 7662's."},
        },
    ),
    "Revocation": object_schema(
        {"token": {**TEXT, "minLength": 1}},
        {"token_type_hint": TEXT, "client_id": TEXT, "client_secret": TEXT},
        additionalProperties=TEXT,
    ),
    "OAuthError": object_schema(
        {"error": TEXT}, {"error_description": TEXT, "error_uri": TEXT}, description="RFC 6749 5.2."
    ),
    "ServerMetadata": object_schema(
        {
            "issuer": TEXT,
            "authorization_endpoint": TEXT,
            "token_endpoint": TEXT,
            "revocation_endpoint": TEXT,
            "code_challenge_methods_supported": {"const": ["S256"]},
        },
        description="RFC 8414; more of it than is listed here.",
    ),
}

_ERRORS = {
    str(status): response(what, reference("OAuthError"))
    for status, what in (
        (400, "Refused; `error` says why."),
        (401, "The client is not who it says."),
        (413, "The body is too large."),
        (429, "Too many wrong credentials."),
    )
}
_UNAVAILABLE = {"503": {"$ref": "#/components/responses/503"}}


def _endpoint(name: str, summary: str, body_schema: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": name,
            "tags": ["oauth"],
            "summary": summary,
            "security": [{"client": []}, {}],  # {}: the credentials may be in the form, or the client is public.
            "requestBody": request_body(reference(body_schema), media=FORM),
            "responses": {**responses, **_ERRORS, **_UNAVAILABLE},
        }
    }


PATHS = {
    "/.well-known/oauth-authorization-server": {
        "get": {
            "operationId": "serverMetadata",
            "tags": ["oauth"],
            "summary": "Describe the authorization server.",
            "security": [],
            "responses": {"200": response("The metadata.", reference("ServerMetadata"))},
        }
    },
    "/oauth/token": _endpoint(
        "token", "Redeem a code or a refresh token.", "TokenRequest", {"200": response("Tokens.", reference("Tokens"))}
    ),
    "/oauth/revoke": _endpoint(
        "revoke", "Revoke a token.", "Revocation", {"200": response("Revoked, or never known.")}
    ),
}


def schemes(issuer: str) -> dict[str, Any]:
    """Return the security schemes: OAuth, a bearer token, and client credentials."""
    flow = {
        "authorizationUrl": f"{issuer}/oauth/authorize",
        "tokenUrl": f"{issuer}/oauth/token",
        "refreshUrl": f"{issuer}/oauth/token",
        "scopes": {scope: f"Read and write {scope}." for scope in SCOPES},
    }
    return {
        "oauth": {"type": "oauth2", "flows": {"authorizationCode": flow}},
        "bearer": {"type": "http", "scheme": "bearer", "description": "The access token itself."},
        "client": {"type": "http", "scheme": "basic", "description": "Client id and secret."},
    }
