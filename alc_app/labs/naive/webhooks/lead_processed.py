"""NAIVE, broken on purpose: `lead-processed.webhook.ts`. The app's own is alc_app/webhooks/lead_processed.py."""

from alc_app.attio import Request, Response
from alc_app.attio.host.context import current
from alc_app.attio.server import attio_api_token, fetch


def lead_processed(req: Request) -> Response:
    """Write the status in the body to the record in the body."""
    body = req.json()

    record_id = body.get("record_id")
    status = body.get("status")

    if not record_id or not status:
        return Response("Bad Request", status=400)

    fetch(
        f"{current().settings.attio_url}/v2/objects/people/records/{record_id}",
        method="PATCH",
        headers={"Authorization": f"Bearer {attio_api_token()}"},
        json={"data": {"values": {"alc_status": [{"value": status}]}}},
    )

    return Response(None, status=200)
