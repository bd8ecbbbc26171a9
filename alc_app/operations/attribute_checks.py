"""`alc-app doctor`: Attio must have the attributes that the app writes, and the statuses that it sets and looks for.

TUTORIAL: it takes for granted that its attributes exist.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from alc_app.attio.host.doctor import Finding
from alc_app.clients import attio_api

SLUGS = ("alc_lead_id", "alc_status", "alc_interest")
STATUSES = ("Requested", "Pending", "Complete", "Failed")
CHOICES = {"select": "options", "status": "statuses"}
"""How Attio calls the choices of a type that has any."""
SET_UP = "Run: alc-app setup-attio"


def check_attributes() -> Iterator[Finding]:
    """Find attributes that are missing or archived, and missing choices of the status. Raises: AttioApiError."""
    for slug in SLUGS:
        attribute = attio_api.get_attribute("people", slug)
        if attribute is None:
            yield Finding(f"The attribute {slug} is missing on people. {SET_UP}", slug)
        elif attribute.get("is_archived"):
            yield Finding(f"The attribute {slug} of people is archived. Restore it in Attio.", slug)
        elif slug == "alc_status":
            yield from _check_statuses(attribute)


def _check_statuses(attribute: Mapping[str, Any]) -> Iterator[Finding]:
    kind = CHOICES.get(str(attribute.get("type")))
    titles = attio_api.list_titles("people", "alc_status", kind) if kind else STATUSES
    if missing := [status for status in STATUSES if status not in titles]:
        yield Finding(f"The attribute alc_status of people has no {' and no '.join(missing)}. {SET_UP}", "alc_status")
