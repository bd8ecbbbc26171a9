"""The source lines of each step: the tutorial's TypeScript, copied word for word into this folder, and ours.

The TypeScript and the GraphQL are Attio's, from "SDK concepts" (docs.attio.com/sdk/concepts); prospect-updated is from
"Receiving HTTP requests". A range is named by the text at its beginning and end, so that it moves with the file; a test
checks that each is found exactly once.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alc_app.pages.source_code import colour, outdent, without_links

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
CONTEXT: Final = 2
"""Lines shown before and after the range."""


@dataclass(frozen=True)
class Range:
    """Lines of a file: from the text `begin` to the first line from there on that contains `end`."""

    file: str  # our files relative to the repository, the tutorial's files as the tutorial names them
    begin: str
    end: str

    @property
    def path(self) -> Path:
        """The path of the file."""
        return ROOT / self.file if self.file.startswith("alc_app/") else HERE / self.file

    def lines(self) -> tuple[int, int]:
        """Return the numbers of the first and the last line. Raises: ValueError if the file does not contain them."""
        text = self.path.read_text(encoding="utf-8")
        begins = text.index(self.begin)
        ends = text.index(self.end, begins)
        return text.count("\n", 0, begins) + 1, text.count("\n", 0, ends) + 1


ACTION_TS, ACTION = "send-to-alc-record-action.ts", "alc_app/send_to_alc_record_action.py"
SERVER_TS, SERVER = "send-to-alc.server.ts", "alc_app/send_to_alc_server.py"
WEBHOOK_TS, WEBHOOK = "webhooks/lead-processed.webhook.ts", "alc_app/webhooks/lead_processed.py"
ADDED_TS, ADDED = "events/connection-added.event.ts", "alc_app/events/connection_added.py"
REMOVED_TS, REMOVED = "events/connection-removed.event.ts", "alc_app/events/connection_removed.py"
CONNECTING = "alc_app/runtime/routes/oauth.py"
DECLARED = "send_to_alc_action = RecordAction("

SOURCES: Final[dict[str, tuple[Range | None, Range]]] = {
    # Attio's platform does the first four steps for a TypeScript app, so the tutorial has no code for them.
    "Installation 1": (None, Range(CONNECTING, '@routes.get("/connect")', "Clicks to install app")),
    "Installation 2": (None, Range(CONNECTING, "with log_calls_as(services.exchanges", "Prompts to add connection")),
    "Installation 3": (None, Range(CONNECTING, '@routes.get("/callback")', "Logs in (OAuth flow)")),
    "Installation 4": (None, Range(CONNECTING, 'failpoint("callback_accepted")', "connecting=flow_id), code=303)")),
    "Installation 5": (
        Range(ADDED_TS, "export default async function connectionAdded", "{"),
        Range(ADDED, "def connection_added(", '"""'),
    ),
    "Installation 6": (
        Range(ADDED_TS, "// The filename must match", "const handler ="),
        Range(ADDED, "# The file name must match", "handler ="),
    ),
    "Installation 7": (
        Range(ADDED_TS, "const response = await fetch(", "externalWebhookId: webhook.webhook_id"),
        Range(ADDED, "# TUTORIAL: it sends no secret", "update_webhook_handler(handler.id"),
    ),
    "Usage 1": (
        Range("app.ts", "import {sendToAlcAction}", "actions: [sendToAlcAction]"),
        Range("alc_app/app.py", "app = App(", "actions=[send_to_alc_action]"),
    ),
    "Usage 2": (Range(ACTION_TS, 'objects: "person"', "person"), Range(ACTION, DECLARED, 'objects="people"')),
    "Usage 3": (
        Range(ACTION_TS, "export const sendToAlcAction", 'label: "Send to ALC"'),
        Range(ACTION, DECLARED, 'label="Send to ALC"'),
    ),
    "Usage 4": (
        Range(ACTION_TS, "onTrigger: async", "{"),
        Range(ACTION, "async def on_trigger", '"""'),
    ),
    "Usage 5": (
        Range(ACTION_TS, "const {hideToast} = await showToast({", "})"),
        Range(ACTION, "# Usage 5. TUTORIAL", "toast = await show_toast("),
    ),
    "Usage 6": (
        Range(ACTION_TS, "const {person} = await runQuery", "const firstPhoneNumber"),
        Range(ACTION, 'person = (await run_query', "first_phone_number = next("),
    ),
    "Usage 7": (
        Range(ACTION_TS, "try {", "await sendToAlc("),
        Range(ACTION, 'full_name = (person["name"]', "lead = await send_to_alc("),
    ),
    "Usage 8": (
        Range(SERVER_TS, "const response = await fetch(", "body: JSON.stringify({recordId"),
        Range(SERVER, "def post_or_find(", "return lead"),
    ),
    "Usage 9": (
        Range(SERVER_TS, "await fetch(`https://api.attio.com", "alc_lead_id:"),
        Range("alc_app/leads/record_sync.py", "def write_record(", "extra=ids)"),
    ),
    "Usage 10": (Range(SERVER_TS, "return lead", "lead"), Range(SERVER, 'return {"id": alc_lead_id', "}")),
    "Usage 11": (
        Range(ACTION_TS, "await hideToast()\n    await showToast({", "hideToast()"),
        Range(ACTION, "await toast.hide_toast()  # Usage 11", "hide_toast()"),
    ),
    "Usage 12": (
        Range(ACTION_TS, 'await showToast({\n      title: "Successfully', "})"),
        Range(ACTION, "# TUTORIAL: it never learns", 'await show_toast("Successfully'),
    ),
    "Later 10": (
        Range(WEBHOOK_TS, "export default async function", 'return new Response("Bad Request"'),
        Range(WEBHOOK, 'record_id = body.get("record_id")', 'return Response("Bad Request", status=400)'),
    ),
    "Later 11": (
        Range(WEBHOOK_TS, "await fetch(`https://api.attio.com", "alc_status:"),
        Range(WEBHOOK, "# TUTORIAL: it writes whatever", "write_claimed(claimed)"),
    ),
    "Removal 1": (
        Range(REMOVED_TS, "const handlers = await listWebhookHandlers()", ")"),
        Range(REMOVED, "handlers = list_webhook_handlers()", "# Removal 1"),
    ),
    "Removal 2": (
        Range(REMOVED_TS, "// Delete webhooks on ALC", "throw new Error(`Failed to delete"),
        Range(REMOVED, "def _end_calls(", "return error"),
    ),
    "Removal 3": (
        Range(REMOVED_TS, "// Delete webhooks on Attio", "await deleteWebhookHandler(handler.id)"),
        Range(REMOVED, "delete_webhook_handler(handler.id)  # Removal 3", ")"),
    ),
}  # fmt: skip


def excerpt(source: Range | None) -> dict[str, Any] | None:
    """Return the lines of a range with some context, as `{"file", "first", "last", "lines"}`.

    A line is `{"number", "text", "pieces", "meant"}`: `meant` is false for the context, `pieces` are coloured.
    """
    if source is None:
        return None
    first, last = source.lines()
    text = without_links(source.path.read_text(encoding="utf-8")).rstrip("\n")
    whole = text.split("\n")
    begins, ends = max(first - CONTEXT, 1), min(last + CONTEXT, len(whole))
    while begins < first and not whole[begins - 1].strip():
        begins += 1
    while ends > last and not whole[ends - 1].strip():
        ends -= 1
    shown = range(begins - 1, ends)
    width = min(len(whole[n]) - len(whole[n].lstrip()) for n in shown if whole[n].strip())
    coloured = colour(text, source.file)
    lines = [
        {
            "number": n + 1,
            "text": whole[n][width:],
            "pieces": outdent(coloured[n], width),
            "meant": first <= n + 1 <= last,
        }
        for n in shown
    ]
    return {"file": source.file, "first": first, "last": last, "lines": lines}
