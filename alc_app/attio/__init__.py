"""The SDK surface, `from "attio"`: the types an app is made of. Imports nothing of ours.

Names follow the TypeScript package `attio` in snake case (docs.attio.com/sdk), so that a reader of the
tutorial finds each of its imports here.
"""

from alc_app.attio.bulk import BatchContext, BulkRecordAction, RunRecordBatches
from alc_app.attio.errors import (
    AttioConnectionExpiredError,
    AttioError,
    AttioNoWorkspaceConnectionError,
    FetchAnswerLost,
    FetchError,
    FetchNotSent,
    FetchRefused,
    QueryError,
    SerializableError,
    ServerFunctionError,
    ServerFunctionTimeout,
)
from alc_app.attio.host.doctor import Check, DeadLetter, DeadLetters, Finding
from alc_app.attio.http import BadRequest, Request, Response
from alc_app.attio.record_events import WebhookEvent
from alc_app.attio.types import (
    App,
    Connection,
    Events,
    Gauge,
    Record,
    RecordAction,
    Retention,
    ServerFunction,
    Upkeep,
    WebhookHandler,
)
from alc_app.attio.widgets import Badge, Link, RecordWidget, TextWidget, TranscriptLine
from alc_app.attio.workflow_definitions import Step, Workflow
from alc_app.attio.workflows import StepBlock, TriggerBlock

__all__ = [
    "App",
    "AttioConnectionExpiredError",
    "AttioError",
    "AttioNoWorkspaceConnectionError",
    "BadRequest",
    "Badge",
    "BatchContext",
    "BulkRecordAction",
    "Check",
    "Connection",
    "DeadLetter",
    "DeadLetters",
    "Events",
    "FetchAnswerLost",
    "FetchError",
    "FetchNotSent",
    "FetchRefused",
    "Finding",
    "Gauge",
    "Link",
    "QueryError",
    "Record",
    "RecordAction",
    "RecordWidget",
    "Request",
    "Response",
    "Retention",
    "RunRecordBatches",
    "SerializableError",
    "ServerFunction",
    "ServerFunctionError",
    "ServerFunctionTimeout",
    "Step",
    "StepBlock",
    "TextWidget",
    "TranscriptLine",
    "TriggerBlock",
    "Upkeep",
    "WebhookEvent",
    "WebhookHandler",
    "Workflow",
]
