"""`/openapi.json`: the API in the words of OpenAPI 3.1, built from the constants that the code itself goes by.

Tests hold it to the routes and, by schemathesis, to what the server does; and what clients send can be held to it.
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
    """Answer with the document; anyone may read it."""
    return document(alc().config.issuer)


def document(issuer: str) -> dict[str, Any]:
    """Build the document for a server at `issuer`."""
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
