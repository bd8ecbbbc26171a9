"""NAIVE, broken on purpose: `send-to-alc.server.ts`. The app's own is alc_app/send_to_alc_server.py."""

from typing import Any

from alc_app.attio.host.context import current
from alc_app.attio.server import attio_api_token, fetch, get_workspace_connection, server_function


@server_function()
def send_to_alc(record_id: str, name: str, phone_number: str) -> dict[str, Any]:
    """Send the person to ALC, and write the lead's id to the record."""
    # Get the authorization token from the workspace connection
    # that the user has set up in their Attio account.
    connection = get_workspace_connection()
    authorization_token = connection.value

    response = fetch(
        f"{current().settings.alc_url}/api/v1/leads",
        method="POST",
        headers={"Authorization": f"Bearer {authorization_token}"},
        json={"recordId": record_id, "name": name, "phoneNumber": phone_number},
    )

    if not response.ok:
        raise RuntimeError("Failed to send to ALC")

    lead: dict[str, Any] = response.json()

    fetch(
        f"{current().settings.attio_url}/v2/objects/people/records/{record_id}",
        method="PATCH",
        headers={"Authorization": f"Bearer {attio_api_token()}"},
        json={"data": {"values": {"alc_lead_id": [{"value": lead["id"]}]}}},
    )

    return lead


@server_function()
def send_to_alc_and_mark_pending(record_id: str, name: str, phone_number: str) -> dict[str, Any]:
    """Send, then mark the record as "Pending": tutorial step Usage 9, which the tutorial's code leaves out."""
    lead = send_to_alc.run(record_id, name, phone_number)

    fetch(
        f"{current().settings.attio_url}/v2/objects/people/records/{record_id}",
        method="PATCH",
        headers={"Authorization": f"Bearer {attio_api_token()}"},
        json={"data": {"values": {"alc_status": [{"value": "Pending"}]}}},
    )

    return lead
