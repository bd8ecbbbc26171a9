"""The OpenAPI paths and schemas of `/api/v1/webhooks`, and of the deliveries."""

from mock_alc.api.webhooks import DEFAULT_EXTENSION, MAX_LIFETIME
from mock_alc.leads.conversations import OUTCOMES
from mock_alc.leads.leads import DECIDED
from mock_alc.openapi.leads import SHORT
from mock_alc.openapi.parts import (
    RETRY_AFTER,
    TEXT,
    TIME,
    object_schema,
    operation,
    parameter,
    reference,
    request_body,
    response,
)
from mock_alc.signing.standard_webhooks import PREFIX
from mock_alc.webhooks.registrations import EVENTS
from mock_alc.webhooks.targets import LONGEST_URL

_BASE64 = "[A-Za-z0-9+/]"
_KEY = (  # 24 to 62 bytes; 63 or 64.
    f"(({_BASE64}{{4}}){{8,20}}({_BASE64}{{2}}==|{_BASE64}{{3}}=)?|({_BASE64}{{4}}){{21}}({_BASE64}{{2}}==)?)"
)
SECRET = {"pattern": f"^{PREFIX}{_KEY}$", "description": "24 to 64 bytes, in base64."}
SECONDS = {"minimum": 1, "maximum": MAX_LIFETIME, "description": "Seconds to live from now."}
_REQUIRED = {
    "webhook_id": TEXT,
    "name": TEXT,
    "url": TEXT,
    "event": {"enum": list(EVENTS)},
    "status": {"enum": ["active", "disabled", "expired"]},
    "created_at": TIME,
}
_ROTATED = {"previous_secret_expires_at": TIME}
_OPTIONAL = {"expires_at": TIME, "disabled_reason": TEXT}
_WITH_SECRET = {"secret": {"type": "string", **SECRET}}

SCHEMAS = {
    "NewWebhook": object_schema(
        {
            "name": SHORT,
            "url": {"type": "string", "format": "uri", "pattern": "^https?://[^@#]+$", "maxLength": LONGEST_URL},
            "event": {"enum": list(EVENTS)},
        },
        {
            "secret": {"type": ["string", "null"], **SECRET},
            "expires_in": {"type": ["integer", "null"], **SECONDS},
        },
        description="The url is public https; a server that runs on loopback sends to loopback too.",
        examples=[{"name": "handler-1", "url": "http://127.0.0.1:5000/hook", "event": EVENTS[0]}],
    ),
    "Webhook": object_schema(
        _REQUIRED,
        {**_OPTIONAL, **_ROTATED},
        description="Once its secret was rotated, it says when the previous one stops signing.",
    ),
    "WebhookWithSecret": object_schema(
        {**_REQUIRED, **_WITH_SECRET}, _OPTIONAL, description="The secret is shown here only."
    ),
    "RotatedWebhook": object_schema({**_REQUIRED, **_WITH_SECRET, **_ROTATED}, _OPTIONAL),
    "WebhookList": object_schema({"webhooks": {"type": "array", "items": reference("Webhook")}}),
    "Extension": object_schema({}, {"expires_in": {"type": "integer", "default": DEFAULT_EXTENSION, **SECONDS}}),
    "Rotation": object_schema({}, {"secret": {"type": ["string", "null"], **SECRET}}),
    "QueuedTest": object_schema({"delivery_id": TEXT, "event": {"const": "webhook.test"}}),
    "LeadProcessed": object_schema(
        {
            "event": {"const": "lead.processed"},
            "lead_id": TEXT,
            "record_id": TEXT,
            "status": {"enum": list(DECIDED)},
            "interest": {"enum": list(OUTCOMES)},
            "summary": TEXT,
            "occurred_at": TIME,
        }
    ),
    "ProspectUpdated": object_schema(
        {
            "event": {"const": "prospect_updated"},
            "data": object_schema({"prospectId": TEXT, "prospectName": TEXT, "prospectEmail": TEXT}),
        }
    ),
    "WebhookTest": object_schema({"event": {"const": "webhook.test"}, "webhook_id": TEXT, "occurred_at": TIME}),
}

_ID = [parameter("path", "webhook_id", "The id of a webhook.", {"type": "string", "minLength": 1}, required=True)]
_WEBHOOK = {"200": response("The webhook.", reference("Webhook"))}
PATHS = {
    "/api/v1/webhooks": {
        "post": operation(
            "webhooks", "createWebhook", "Register where to hear of an event.",
            {"201": response("Registered.", reference("WebhookWithSecret"))}, 409, 415, 422,
            requestBody=request_body(reference("NewWebhook")),
        ),
        "get": operation(
            "webhooks", "listWebhooks", "List the webhooks, newest first.",
            {"200": response("All of them.", reference("WebhookList"))},
            parameters=[parameter("query", "name", "Only those of this name.", TEXT)],
        ),
    },
    "/api/v1/webhooks/{webhook_id}": {
        "parameters": _ID,
        "get": operation("webhooks", "getWebhook", "Look at a webhook.", _WEBHOOK, 404),
        "delete": operation(
            "webhooks", "deleteWebhook", "Stop sending there, at once.", {"204": response("Deleted.")}, 404
        ),
    },
    "/api/v1/webhooks/{webhook_id}/refresh": {
        "parameters": _ID,
        "post": operation(
            "webhooks", "refreshWebhook", "Let it live longer.", _WEBHOOK, 404, 409, 415, 422,
            requestBody=request_body(reference("Extension"), required=False),
        ),
    },
    "/api/v1/webhooks/{webhook_id}/rotate-secret": {
        "parameters": _ID,
        "post": operation(
            "webhooks", "rotateSecret", "Sign with a new secret, and for a while with the old one too.",
            {"200": response("Rotated.", reference("RotatedWebhook"))}, 404, 415, 422,
            requestBody=request_body(reference("Rotation"), required=False),
        ),
    },
    "/api/v1/webhooks/{webhook_id}/test": {
        "parameters": _ID,
        "post": operation(
            "webhooks", "testWebhook", "Send a `webhook.test` delivery.",
            {"202": response("Queued.", reference("QueuedTest"))}, 404, 409,
        ),
    },
}  # fmt: skip

_SIGNATURE_HEADERS = [
    parameter("header", "webhook-id", "The same on every attempt: deduplicate by it.", TEXT, required=True),
    parameter("header", "webhook-timestamp", "Unix seconds of this attempt.", TEXT, required=True),
    parameter("header", "webhook-signature", "`v1,` and base64; one for each live secret.", TEXT, required=True),
]
_RESPONSES = {
    "2XX": response("Taken. Answer when it is stored, and work afterwards."),
    "410": response("Gone: the webhook is disabled."),
    "default": response("Tried again later, with the same id and bytes.", headers=RETRY_AFTER),
}
DELIVERIES = {
    event: {
        "post": {
            "summary": summary,
            "parameters": _SIGNATURE_HEADERS,
            "requestBody": request_body(reference(schema)),
            "responses": _RESPONSES,
        }
    }
    for event, schema, summary in (
        ("lead.processed", "LeadProcessed", "The agent has come to a verdict."),
        ("prospect.updated", "ProspectUpdated", "A person's data changed."),
        ("webhook.test", "WebhookTest", "Somebody asked for a test."),
    )
}
