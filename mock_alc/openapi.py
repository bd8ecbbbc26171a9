"""Serves `openapi.yaml`, the one description of the API, and takes the JSON Schema of an event out of it.

Tests compare the file with the routes, the constants and the deliveries, and with schemathesis what the server answers.
"""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from mock_alc.services import alc

pages = Blueprint("openapi", __name__)
FILE = Path(__file__).with_suffix(".yaml")
WRITTEN_FOR = "http://127.0.0.1:8001"
"""The server that the file names."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@pages.get("/openapi.yaml")
def openapi_yaml() -> ResponseReturnValue:
    """Return the document as it was written; no authentication needed."""
    return Response(_text(alc().config.issuer), content_type="application/yaml")


@pages.get("/openapi.json")
def openapi_json() -> ResponseReturnValue:
    """Return the document as JSON; no authentication needed."""
    return document(alc().config.issuer)


def document(issuer: str = WRITTEN_FOR) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a server at `issuer`."""
    import yaml  # late: only who asks for the document needs it

    found: dict[str, Any] = yaml.safe_load(_text(issuer))
    return found


def event_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each event's body, by the event's name. Each stands alone."""
    described = document()
    return {
        event: {"$schema": DIALECT, "title": event, **_schema_of(described, item)}
        for event, item in described["webhooks"].items()
    }


def _schema_of(described: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    reference = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    found: dict[str, Any] = described["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _text(issuer: str) -> str:
    return FILE.read_text(encoding="utf-8").replace(WRITTEN_FOR, issuer)
