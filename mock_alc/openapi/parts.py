"""Helpers that build parts of the document, and the error responses that the operations share."""

from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
TIME: Json = {"type": "string", "format": "date-time"}
NO_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
RETRY_AFTER: Json = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
CHALLENGE: Json = {"WWW-Authenticate": {"description": "RFC 6750.", "schema": TEXT, "required": True}}


def reference(name: str) -> Json:
    """Return a reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_schema(required: dict[str, Json], optional: dict[str, Json] | None = None, **more: Any) -> Json:
    """Return the schema of an object."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}, **more}


def response(description: str, schema: Json | None = None, headers: Json | None = None) -> Json:
    """Return a response object."""
    described: Json = {"description": description}
    if schema is not None:
        described["content"] = {"application/json": {"schema": schema}}
    return {**described, "headers": headers} if headers else described


def request_body(schema: Json, *, required: bool = True, media: str = "application/json") -> Json:
    """Return a request body object."""
    return {"required": required, "content": {media: {"schema": schema}}}


def parameter(where: str, name: str, description: str, schema: Json, *, required: bool = False) -> Json:
    """Return a parameter object; `where` is `path`, `query` or `header`."""
    return {"in": where, "name": name, "required": required, "description": description, "schema": schema}


def operation(scope: str, name: str, summary: str, responses: dict[str, Json], *errors: int, **more: Any) -> Json:
    """Return an operation that needs an access token with `scope`; each may return 400, 401, 403, 413 and 503."""
    error_responses = {
        str(status): {"$ref": f"#/components/responses/{status}"} for status in (400, 401, 403, 413, 503)
    }
    error_responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in errors}
    return {
        "operationId": name,
        "tags": [scope],
        "summary": summary,
        "security": [{"oauth": [scope]}, {"bearer": []}],
        "responses": {**responses, **dict(sorted(error_responses.items()))},
        **more,
    }


ERROR = object_schema(
    {
        "error": object_schema(
            {"code": {**TEXT, "description": "For programs."}, "message": {**TEXT, "description": "A whole sentence."}},
            {
                "fields": {"type": "object", "additionalProperties": TEXT, "description": "A sentence a field."},
                "request_id": TEXT,
                "webhook_id": {**TEXT, "description": "With webhook_exists: the living twin."},
            },
        )
    },
    description="Every refusal has this shape.",
)
ERRORS = {
    "400": response("The request cannot be read: JSON, a parameter, a header.", reference("Error")),
    "401": response("The access token is missing, unknown, expired or revoked.", reference("Error"), CHALLENGE),
    "403": response("The access token lacks the scope.", reference("Error"), CHALLENGE),
    "404": response("Not there, or not of this account: the answer is the same.", reference("Error")),
    "409": response("In conflict with what is there; `code` says how.", reference("Error"), RETRY_AFTER),
    "413": response("The body is larger than 64 KiB.", reference("Error")),
    "415": response("The body is not application/json in UTF-8.", reference("Error")),
    "422": response("Some fields are missing or wrong: see `fields`.", reference("Error")),
    "503": response("Nothing can be stored just now, and nothing was changed.", reference("Error"), RETRY_AFTER),
}
