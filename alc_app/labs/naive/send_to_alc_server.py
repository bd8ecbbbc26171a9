"""NAIVE, broken on purpose: `send-to-alc.server.ts`. The app's own is alc_app/send_to_alc_server.py."""

from typing import Any

from alc_app.attio.host.context import current
from alc_app.attio.server import attio_api_token, fetch, get_workspace_connection, server_function


@server_function()
def send_to_alc(record_id: str, name: str, phone_number: str) -> dict[str, Any]:
    """Send the person to ALC, and note the lead's id on the record."""
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
def send_to_alc_as_told(record_id: str, name: str, phone_number: str) -> dict[str, Any]:
    """The same with Usage 9, which the tutorial tells of and its code leaves out: mark the record as "Pending"."""
    lead = send_to_alc.run(record_id, name, phone_number)

    fetch(
        f"{current().settings.attio_url}/v2/objects/people/records/{record_id}",
        method="PATCH",
        headers={"Authorization": f"Bearer {attio_api_token()}"},
        json={"data": {"values": {"alc_status": [{"value": "Pending"}]}}},
    )

    return lead
