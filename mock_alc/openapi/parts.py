"""The small parts that the document is made of, and the refusals that every operation shares."""

from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
TIME: Json = {"type": "string", "format": "date-time"}
NO_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
RETRY_AFTER: Json = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
CHALLENGE: Json = {"WWW-Authenticate": {"description": "RFC 6750.", "schema": TEXT, "required": True}}


def reference(name: str) -> Json:
    """Point to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def thing(required: dict[str, Json], optional: dict[str, Json] | None = None, **more: Any) -> Json:
    """Describe an object."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}, **more}


def answer(description: str, schema: Json | None = None, headers: Json | None = None) -> Json:
    """Describe an answer."""
    described: Json = {"description": description}
    if schema is not None:
        described["content"] = {"application/json": {"schema": schema}}
    return {**described, "headers": headers} if headers else described


def body(schema: Json, *, required: bool = True, media: str = "application/json") -> Json:
    """Describe a body that is sent."""
    return {"required": required, "content": {media: {"schema": schema}}}


def parameter(where: str, name: str, description: str, schema: Json, *, required: bool = False) -> Json:
    """Describe a parameter in the path, the query or a header."""
    return {"in": where, "name": name, "required": required, "description": description, "schema": schema}


def operation(scope: str, name: str, summary: str, answers: dict[str, Json], *refusals: int, **more: Any) -> Json:
    """Describe an operation of the Bearer API; every one may answer 400, 401, 403, 413 and 503."""
    refused = {str(status): {"$ref": f"#/components/responses/{status}"} for status in (400, 401, 403, 413, 503)}
    refused |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals}
    return {
        "operationId": name,
        "tags": [scope],
        "summary": summary,
        "security": [{"oauth": [scope]}, {"bearer": []}],
        "responses": {**answers, **dict(sorted(refused.items()))},
        **more,
    }


ERROR = thing(
    {
        "error": thing(
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
    "400": answer("The request cannot be read: JSON, a parameter, a header.", reference("Error")),
    "401": answer("The access token is missing, unknown, expired or revoked.", reference("Error"), CHALLENGE),
    "403": answer("The access token lacks the scope.", reference("Error"), CHALLENGE),
    "404": answer("Not there, or not of this account: the answer is the same.", reference("Error")),
    "409": answer("In conflict with what is there; `code` says how.", reference("Error"), RETRY_AFTER),
    "413": answer("The body is larger than 64 KiB.", reference("Error")),
    "415": answer("The body is not application/json in UTF-8.", reference("Error")),
    "422": answer("Some fields are missing or wrong: see `fields`.", reference("Error")),
    "503": answer("Nothing can be stored just now, and nothing was changed.", reference("Error"), RETRY_AFTER),
}
