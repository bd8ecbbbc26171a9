"""The OpenAPI paths and schemas of `/api/v1/leads`."""

from mock_alc.api.bodies import CONTROL_CHARACTERS, LONGEST_TEXT
from mock_alc.api.leads import CURSOR, E164, KEY, LARGEST_PAGE, PAGE
from mock_alc.leads.conversations import OUTCOMES
from mock_alc.leads.leads import DECIDED, PROCESSING
from mock_alc.openapi.parts import (
    NO_TIME,
    TEXT,
    TIME,
    object_schema,
    operation,
    parameter,
    reference,
    request_body,
    response,
)

KEY_SCHEMA = {"type": "string", "pattern": f"^{KEY.pattern}$"}
CURSOR_SCHEMA = {"type": "string", "pattern": f"^{CURSOR.pattern}$"}
SOME_TEXT = rf"^[^{CONTROL_CHARACTERS}]*[^\s{CONTROL_CHARACTERS}][^{CONTROL_CHARACTERS}]*$"
SHORT = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": SOME_TEXT}
REPLAYED = {"Idempotency-Replayed": {"description": "`true` on a repeated answer.", "schema": TEXT}}

SCHEMAS = {
    "NewLead": object_schema(
        {
            "recordId": {**SHORT, "description": "Your own id; it comes back in the webhook."},
            "name": SHORT,
            "phoneNumber": {"type": "string", "pattern": f"^{E164.pattern}$", "description": "E.164."},
        },
        examples=[{"recordId": "1", "name": "Ada Lovelace", "phoneNumber": "+442071838750"}],
        description="The keys are in camel case here, and in snake case in answers, as the tutorial has it.",
    ),
    "Lead": object_schema(
        {
            "id": TEXT,
            "record_id": TEXT,
            "name": TEXT,
            "phone_number": TEXT,
            "status": {"enum": [PROCESSING, *DECIDED]},
            "interest": {"enum": [*OUTCOMES, None]},
            "summary": {"type": ["string", "null"]},
            "transcript": {
                "type": "array",
                "items": object_schema({"from": {"enum": ["agent", "lead"]}, "text": TEXT, "at": TIME}),
            },
            "created_at": TIME,
            "decided_at": NO_TIME,
        }
    ),
    "LeadPage": object_schema(
        {
            "leads": {"type": "array", "items": reference("Lead")},
            "next_cursor": {"type": ["string", "null"], "description": "Null on the last page."},
        }
    ),
}

_NUMBER = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
PATHS = {
    "/api/v1/leads": {
        "post": operation(
            "leads", "createLead", "Hand a person over to the agent.",
            {"201": response("Accepted; the agent is at it.", reference("Lead"), REPLAYED)}, 409, 415, 422,
            requestBody=request_body(reference("NewLead")),
            parameters=[
                parameter("header", "Idempotency-Key", "The same key and body get the same answer.", KEY_SCHEMA)
            ],
        ),
        "get": operation(
            "leads", "listLeads", "List leads, newest first.",
            {"200": response("One page.", reference("LeadPage"))},
            parameters=[
                parameter("query", "limit", "Leads a page.", _NUMBER),
                parameter("query", "cursor", "`next_cursor` of the page before.", CURSOR_SCHEMA),
                parameter("query", "record_id", "Only those of this record.", TEXT),
                parameter("query", "idempotency_key", "Only the one that was sent with this key.", TEXT),
            ],
        ),
    },
    "/api/v1/leads/{lead_id}": {
        "get": operation(
            "leads", "getLead", "Look at a lead, with the chat so far.",
            {"200": response("The lead.", reference("Lead"))}, 404,
            parameters=[
                parameter("path", "lead_id", "The id of a lead.", {"type": "string", "minLength": 1}, required=True)
            ],
        )
    },
}  # fmt: skip
