"""Exchanges made by hand, for tests of what is found and drawn in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mock_alc.testing.wire.exchange import Exchange

BEGIN = datetime(2030, 1, 31, 12, tzinfo=UTC)
GRANT = "grant_1"


def request(what: str, status: int | None = 200, *, after: float = 0, **more: Any) -> Exchange:
    """A request of the app, such as `POST /api/v1/leads`, `after` seconds."""
    method, path = what.split()
    more = {"headers": {"Authorization": "Bearer ***"}, "grant": GRANT, "done": status in (200, 201, 204)} | more
    more = {"receiver": "ALC"} | more
    at = BEGIN + timedelta(seconds=after)
    return Exchange(at, "your app", method=method, path=path, status=status, **more)


def lead(status: int | None = 201, key: str | None = None, **more: Any) -> Exchange:
    """The app sends Ada."""
    headers = {"Authorization": "Bearer ***"} | ({"Idempotency-Key": key} if key else {})
    return request("POST /api/v1/leads", status, **{"headers": headers, "body": {"recordId": "ada"}, **more})


def lost_lead(key: str | None = None) -> Exchange:
    """The app sends Ada, and the answer is lost."""
    return lead(
        None, key, error="answer lost", trouble="drop", fault="the connection broke before the answer", done=True
    )


def delivery(status: int | None = 200, trouble: str | None = None, *, after: float = 0, **more: Any) -> Exchange:
    """ALC delivers the verdict on Ada."""
    more = {"headers": {"webhook-id": "msg_1"}, "delivery_id": "msg_1", "trouble": trouble} | more
    more = {"fault": trouble or "", "body": {"record_id": "ada", "status": "Complete"}} | more
    more = {"sender": "ALC", "receiver": "your app", "event": "lead.processed", "status": status} | more
    return Exchange(BEGIN + timedelta(seconds=after), method="POST", path="http://app/hook", **more)


def webhook(webhook_id: str = "wh_1") -> Exchange:
    """The app registers a webhook."""
    return request("POST /api/v1/webhooks", 201, answer_body={"webhook_id": webhook_id})
