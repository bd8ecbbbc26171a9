"""The tutorial's two diagrams (docs.attio.com/sdk, "Sequence") and its removal steps, arrow by arrow.

Function names are in snake case as ours are. Where the tutorial says "auth token" it says a code here, which the
server exchanges for tokens.
"""

from __future__ import annotations

Arrow = tuple[str, str, str]

INSTALLATION: list[Arrow] = [
    ("User", "Attio UI", "Clicks to install app"),
    ("Attio UI", "User", "Prompts to add connection to ALC"),
    ("User", "ALC", "Logs in (OAuth flow)"),
    ("ALC", "Attio UI", "Redirects back with a code"),
    ("Attio UI", "Event Handler", "Fires 'connection-added' event"),
    ("Event Handler", "Attio Server SDK", "Calls create_webhook_handler()"),
    ("Attio Server SDK", "Event Handler", "Returns"),
    ("Event Handler", "ALC", "Registers webhook"),
    ("Attio UI", "User", "Shows app is now installed"),
]
USAGE: list[Arrow] = [
    ("User", "Attio UI", "Clicks button"),
    ("Attio UI", "Record Action", "Fires on_trigger()"),
    ("Record Action", "Attio UI", "show_toast()"),
    ("Attio UI", "User", 'Shows "Preparing to send to ALC..." toast'),
    ("Record Action", "GraphQL", "Load phone numbers"),
    ("GraphQL", "Record Action", "Query result"),
    ("Record Action", "Server Function", "Calls send_to_alc()"),
    ("Server Function", "ALC", "POST request"),
    ("Server Function", "Attio API", 'with ATTIO_API_TOKEN to mark record "Pending"'),
    ("Server Function", "Record Action", "Returns success"),
    ("Record Action", "Attio UI", "hide_toast()"),
    ("Attio UI", "User", "Hides the toast"),
    ("Record Action", "Attio UI", "show_toast()"),
    ("Attio UI", "User", 'Shows "Successfully sent to ALC!" toast'),
    ("ALC", "Webhook", "Calls the app's webhook"),
    ("Webhook", "Attio API", 'with ATTIO_API_TOKEN to mark record "Complete"'),
]
REMOVAL: list[Arrow] = [
    ("Attio UI", "Event Handler", "Fires 'connection-removed' event"),
    ("Event Handler", "Attio Server SDK", "Calls list_webhook_handlers()"),
    ("Event Handler", "ALC", "Tells ALC to stop calling"),
    ("Event Handler", "Attio Server SDK", "Calls delete_webhook_handler()"),
]
