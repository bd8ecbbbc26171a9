"""Posts messages to webhooks with the HTTP client of `mock_alc`, which has a deadline and follows no redirects."""

from collections.abc import Mapping

TOTAL_SECONDS = 15.0


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    """POST the body; return the status of the answer, or None if there was none."""
    from mock_alc.webhooks.http_client import Call  # Late: `requests` takes 0.1 s to import.

    return Call(allow_loopback=True, total_seconds=TOTAL_SECONDS).post(url, body, dict(headers)).status
