"""The contract check of the end-to-end tests finds requests that ALC's OpenAPI document does not describe."""

from collections.abc import Iterator
from typing import Any

import pytest

from mock_alc.openapi import document
from tests.support.contract import problems_of

LEAD = {"recordId": "1", "name": "Ada", "phoneNumber": "+442071838750"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def described() -> Iterator[dict[str, Any]]:
    """The OpenAPI document."""
    yield document("http://127.0.0.1:8001")


def entry(method: str, path: str, body: Any = None, content_type: str = JSON, **more: Any) -> dict[str, Any]:
    """Return a request as the mock records it."""
    common = {"query": {}, "headers": {"Content-Type": content_type}, "status": 201}
    return {"method": method, "path": path, "body": body, **common, **more}


@pytest.mark.parametrize(
    "right",
    [
        entry("POST", "/api/v1/leads", LEAD),
        entry("GET", "/api/v1/leads", query={"limit": "5"}, status=200),
        entry("DELETE", "/api/v1/webhooks/wh_1", status=204),
        entry(
            "POST",
            "/api/v1/webhooks",
            {"name": "a", "url": "https://a.example", "event": "lead.processed", "secret": "***"},
        ),
        entry("POST", "/oauth/token", {"grant_type": "refresh_token", "refresh_token": "***"}, FORM, status=200),
    ],
)
def test_what_is_described_passes(described: dict[str, Any], right: dict[str, Any]) -> None:
    """Masked secrets included."""
    assert list(problems_of(described, right)) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (entry("PUT", "/api/v1/leads", LEAD), "no such operation"),
        (entry("POST", "/api/v1/lead", LEAD), "no such operation"),
        (entry("POST", "/api/v1/leads"), "body is missing"),
        (entry("POST", "/api/v1/leads", LEAD, FORM), "no body of the type"),
        (entry("POST", "/api/v1/leads", {**LEAD, "colour": "red"}), "no field colour"),
        (entry("POST", "/api/v1/leads", {**LEAD, "phoneNumber": "020 7183"}), "phoneNumber"),
        (entry("POST", "/api/v1/leads", LEAD, status=418), "418"),
        (entry("GET", "/api/v1/leads", query={"page": "2"}, status=200), "no parameter page"),
        (entry("GET", "/api/v1/leads", query={"limit": "500"}, status=200), "500"),
        (entry("POST", "/api/v1/leads", LEAD, headers={"Content-Type": JSON, "Idempotency-Key": "a b"}), "a b"),
    ],
)
def test_what_is_not_described_is_named(described: dict[str, Any], wrong: dict[str, Any], words: str) -> None:
    """One sentence for each difference."""
    assert words in " ".join(problems_of(described, wrong))
