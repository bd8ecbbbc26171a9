"""The SDK, `from "attio"`: the types that an app consists of. It has only names that Attio's docs use.

Names follow the TypeScript package `attio` in snake case (docs.attio.com/sdk), so that a reader of the tutorial finds
each of its imports here. What our runtime offers beyond them is in `alc_app.attio.host`. It imports nothing of the app.
"""

from alc_app.attio.bulk import BatchContext, BulkRecordAction, RunRecordBatches
from alc_app.attio.connections import Connection, WebhookHandler
from alc_app.attio.errors import AttioConnectionExpiredError, AttioError, AttioNoWorkspaceConnectionError
from alc_app.attio.http import Request, Response
from alc_app.attio.manifest import App, Events, Record, RecordAction, ServerFunction
from alc_app.attio.widgets import Badge, RecordWidget, TextWidget
from alc_app.attio.workflows import StepBlock, TriggerBlock

__all__ = [
    "App",
    "AttioConnectionExpiredError",
    "AttioError",
    "AttioNoWorkspaceConnectionError",
    "Badge",
    "BatchContext",
    "BulkRecordAction",
    "Connection",
    "Events",
    "Record",
    "RecordAction",
    "RecordWidget",
    "Request",
    "Response",
    "RunRecordBatches",
    "ServerFunction",
    "StepBlock",
    "TextWidget",
    "TriggerBlock",
    "WebhookHandler",
]
