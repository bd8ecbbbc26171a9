"""`/openapi.json`: the API as an OpenAPI 3.1 document, built from the constants that the code uses.

Tests compare it with the routes and, with schemathesis, with the responses of the server.
"""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from mock_alc.openapi import leads, oauth, webhooks
from mock_alc.openapi.parts import ERROR, ERRORS
from mock_alc.services import alc

pages = Blueprint("openapi", __name__)
INTRODUCTION = (
    "Hand a person over to an agent that chats by SMS, and hear by webhook what came of it. "
    "Tokens come from OAuth 2.1 (code with PKCE S256); deliveries are signed as Standard Webhooks has it. "
    "A client must tolerate fields, events and status codes that are not listed here."
)


@pages.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Return the document; no authentication needed."""
    return document(alc().config.issuer)


def document(issuer: str) -> dict[str, Any]:
    """Return the document for a server at `issuer`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Acme Lead Checker", "version": "1", "description": INTRODUCTION},
        "servers": [{"url": issuer}],
        "tags": [{"name": "leads"}, {"name": "webhooks"}, {"name": "oauth"}],
        "paths": {**leads.PATHS, **webhooks.PATHS, **oauth.PATHS},
        "webhooks": webhooks.DELIVERIES,
        "components": {
            "schemas": {"Error": ERROR, **leads.SCHEMAS, **webhooks.SCHEMAS, **oauth.SCHEMAS},
            "responses": ERRORS,
            "securitySchemes": oauth.schemes(issuer),
        },
    }
