"""The tutorial's files and ours, cut into passages that do the same.

A passage is named by the text at its beginning, so that it moves with the file, and ends where the next one begins.
What differs, and why, stands in our files: in their `TUTORIAL:` comments.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGES = Path(__file__).parents[1]
TUTORIAL, APP = PAGES / "tutorial", PAGES.parent
Cut = tuple[str, str, str]
"""The beginnings in the TypeScript, in its Python port and in our file; empty, if a file has nothing of it."""


@dataclass(frozen=True)
class Pair:
    """A file of the tutorial and ours, with their passages in the tutorial's order."""

    typescript: str  # as the tutorial names it
    module: str  # ours, below alc_app; the port has the same path below labs/naive
    purpose: str
    cuts: tuple[Cut, ...]

    @property
    def name(self) -> str:
        """The name of the tutorial's file, which is the pair's in an address."""
        return self.theirs_path.name

    @property
    def theirs_path(self) -> Path:
        """The tutorial's file."""
        return TUTORIAL / self.typescript

    @property
    def port_path(self) -> Path | None:
        """The literal port to Python, or None: a manifest and a query have nothing to run."""
        path = APP / "labs" / "naive" / self.module
        return path if path.exists() else None

    @property
    def ours_path(self) -> Path:
        """Our file."""
        return APP / self.module


PAIRS: Final = (
    Pair(
        "app.ts",
        "app.py",
        "The manifest names the entry points.",
        (
            ("import type {App}", "", '"""The manifest'),
            ("export const app", "", "# TUTORIAL: it names its record action"),
        ),
    ),
    Pair(
        "send-to-alc-record-action.ts",
        "send_to_alc_record_action.py",
        "The button “Send to ALC”.",
        (
            ("import type {App}", '"""NAIVE', '"""The record action'),
            ("export const sendToAlcAction", "async def on_trigger", "async def on_trigger"),
            ("    const {hideToast}", "    toast = await show_toast", "    # Usage 5. TUTORIAL"),
            ("    const {person}", "    person = (await", "    try:\n        person ="),
            ("    const firstPhoneNumber", "    first_phone_number =", "    first_phone_number ="),
            ("    try {", "    try:\n        await send_to_alc", "    full_name ="),
            (
                "    await hideToast()\n    await showToast",
                "    await toast.hide_toast()\n    await show_toast",
                "    await toast.hide_toast()  # Usage 11",
            ),
            ("  objects:", "", "send_to_alc_action = RecordAction("),
        ),
    ),
    Pair(
        "get-person-phone-numbers.graphql",
        "get_person_phone_numbers.graphql",
        "The query that loads a person’s phone numbers.",
        (("query getPerson", "", "query getPerson"),),
    ),
    Pair(
        "send-to-alc.server.ts",
        "send_to_alc_server.py",
        "The server function that sends the lead.",
        (
            ("import {ATTIO_API_TOKEN", '"""NAIVE', '"""The server function'),
            ("export default", "@server_function()\ndef send_to_alc(", "# TUTORIAL: it sends with each click"),
            ("  // Get the authorization", "    # Get the authorization", "def post_or_find("),
            ("  const lead = await", "    lead: dict", "def _store("),
            ("", "", "def _deliver("),
            ("", "", "def resolve_send("),
            ("", "", "def _ask("),
        ),
    ),
    Pair(
        "webhooks/lead-processed.webhook.ts",
        "webhooks/lead_processed.py",
        "The webhook handler that ALC calls with the result.",
        (
            ("import {ATTIO_API_TOKEN}", '"""NAIVE', '"""ALC calls back'),
            ("export default", "def lead_processed", "def lead_processed"),
            ("  const recordId", "    record_id = body.get", "    record_id = body.get"),
            ("  await fetch(", "    fetch(", "    # TUTORIAL: it writes whatever"),
        ),
    ),
    Pair(
        "events/connection-added.event.ts",
        "events/connection_added.py",
        "The event handler that registers the webhook.",
        (
            ("import type {Connection}", '"""NAIVE', '"""A connection was added'),
            ("export default", "def connection_added", "def connection_added"),
            ("  // The filename must", "    # The file name must", "    # The file name must"),
            ("  const authorizationToken", "    authorization_token =", "    # TUTORIAL: it sends no secret"),
            ("", "", "    # TUTORIAL: it never learns a result"),
        ),
    ),
    Pair(
        "events/connection-removed.event.ts",
        "events/connection_removed.py",
        "The event handler that deletes the webhook.",
        (
            ("import type {Connection}", '"""NAIVE', '"""A connection is being removed'),
            ("export default", "def connection_removed", "def connection_removed"),
            ("    // Delete webhooks on ALC", "        # Delete webhooks on ALC", "def _end_calls("),
            ("    // Delete webhooks on Attio", "        # Delete webhooks on Attio", "    for handler in handlers:\n"),
        ),
    ),
    Pair(
        "webhooks/prospect-updated.webhook.ts",
        "webhooks/prospect_updated.py",
        "The webhook handler of Attio’s page “Receiving HTTP requests”.",
        (
            ("import {ATTIO_API_TOKEN}", "", '"""ALC calls back'),
            ("export default", "", "def prospect_updated("),
            ("  // ℹ️ Assert endpoint", "", "def _assert_person("),
            ("", "", "def _update_person("),
            ("    if (!response.ok)", "", "    record_id = sends.record_of"),
        ),
    ),
)  # fmt: skip
BY_NAME: Final = {pair.name: pair for pair in PAIRS}
