"""The first thing that differs from what a correct app does."""

from typing import Any

import pytest

from mock_alc.testing.wire.diagnosis import diagnose
from mock_alc.testing.wire.exchange import Exchange
from tests.unit.mock_alc.testing.wire.exchanges import delivery, lead, lost_lead, request, webhook

ATTIO_S_REFUSAL = {
    "status_code": 400, "type": "invalid_request_error", "code": "validation_type", "message": "No.",
    "validation_errors": [{"code": "custom", "path": ["data", "target_url"], "message": "Not https."}],
}  # fmt: skip
REVOKE = request("POST /oauth/revoke")
WAIT = {"retry_after": 30, "fault": "a rate limit", "trouble": "rate_limited"}
DIFFERENCES: dict[str, tuple[list[Exchange], int, str]] = {
    "a forged delivery is accepted": ([delivery(204, "tampered_body", forged=True)], 0, "accepted it (204)"),
    "a forged delivery breaks the app": ([delivery(500, "stale", forged=True)], 0, "failed (500)"),
    "an unsigned delivery is accepted": ([delivery(200, "missing_header", forged=True)], 0, "accepted it (200)"),
    "a forged delivery disables the webhook": ([delivery(410, "wrong_secret", forged=True)], 0, "410 Gone"),
    "a right delivery is refused": ([delivery(401)], 0, "should accept this with a 2xx"),
    "a right delivery breaks the app": ([delivery(500)], 0, "should accept this with a 2xx"),
    "unknown fields are refused": ([delivery(400, "extra_fields")], 0, "should accept this with a 2xx"),
    "half a body breaks the app": ([delivery(500, "truncated")], 0, "should answer 4xx"),
    "a duplicate is refused": ([delivery(200), delivery(409, attempt=2)], 1, "as a duplicate"),
    "a duplicate after a lost answer is refused": (
        [delivery(None, "answer_lost"), delivery(500, attempt=2)], 1, "as a duplicate",
    ),
    "a delivery is not answered in time": (
        [delivery(None, error="no answer in time", milliseconds=15_000)], 0, "waited 15 s",
    ),
    "a lead is sent again without a key": ([lost_lead("k"), lead(201)], 1, "without an Idempotency-Key"),
    "a lead is sent again with another key": ([lost_lead("k"), lead(201, "l")], 1, "with another Idempotency-Key"),
    "a lead whose answer was a 500 is sent again without a key": ([lead(500), lead(201)], 1, "After number 1 (500)"),
    "a call comes before Retry-After has passed": (
        [lead(429, "k", **WAIT), lead(201, "k", after=5)], 1, "The next call came after 5.0 s",
    ),
    "a webhook is left at the disconnect": ([webhook(), REVOKE], 1, "webhooks registered: wh_1"),
    "one of two webhooks is left": (
        [webhook(), webhook("wh_2"), request("DELETE /api/v1/webhooks/wh_1", 204), REVOKE], 3, "registered: wh_2",
    ),
    "a revoked token is used": ([REVOKE, request("GET /api/v1/leads", 401)], 1, "had revoked at number 1"),
    "a request is refused for what it contains": (
        [lead(422, answer_body={"error": {"code": "validation_failed", "message": "No.", "fields": {"name": "?"}}})],
        0, "ALC refused POST /api/v1/leads with 422 validation_failed. No. name: ?",
    ),
    "a request has no token": ([request("GET /api/v1/leads", 401, headers={})], 0, "ALC refused GET /api/v1/leads"),
    "a code is refused": (
        [request("POST /oauth/token", 400, answer_body={"error": "invalid_grant", "error_description": "Too old."})],
        0, "400 invalid_grant. Too old.",
    ),
    "Attio refuses a request, in its own form": (
        [request("POST /v2/webhooks", 400, receiver="Attio", answer_body=ATTIO_S_REFUSAL)],
        0, "Attio refused POST /v2/webhooks with 400 validation_type. No. data.target_url: Not https.",
    ),
    "Attio waits for an answer": (
        [delivery(None, error="no answer in time", milliseconds=9_000, sender="Attio")], 0, "Attio sent lead.processed",
    ),
}  # fmt: skip
CORRECT: dict[str, list[Exchange]] = {
    "nothing happened": [],
    "a forged delivery is refused": [delivery(401, "bad_signature", forged=True)],
    "a right delivery is accepted": [delivery(204)],
    "a timestamp a minute old is accepted": [delivery(200, "stale")],
    "a duplicate is accepted": [delivery(200), delivery(200, attempt=2)],
    "the app asks ALC for later": [delivery(503), delivery(429, attempt=2), delivery(200, attempt=3)],
    "a webhook that is gone is answered 410": [delivery(410)],
    "half a body is refused": [delivery(400, "truncated")],
    "a megabyte is turned away": [delivery(413, "huge")],
    "nothing arrived": [delivery(None, "lost", headers=None, error="never arrived")],
    "nobody listens": [delivery(None, error="nobody answered")],
    "a lead is sent again with its key": [lost_lead("k"), lead(201, "k")],
    "the app asks first for the lead": [lost_lead(), request("GET /api/v1/leads"), lead(201)],
    "the lead's verdict has come before": [lost_lead(), delivery(200), lead(201)],
    "the app waits as Retry-After asks": [lead(429, "k", **WAIT), lead(201, "k", after=30)],
    "the date of Retry-After has no fractions": [lead(429, "k", **WAIT), lead(201, "k", after=29.1)],
    "webhooks are deleted before the disconnect": [webhook(), request("DELETE /api/v1/webhooks/wh_1", 204), REVOKE],
    "the answer to a deletion was lost": [
        webhook(), request("DELETE /api/v1/webhooks/wh_1", None, trouble="drop", done=True), REVOKE,
    ],
    "the app has connected anew": [webhook(), REVOKE, request("GET /api/v1/webhooks", grant="grant_2")],
    "a token of another grant has expired": [REVOKE, request("GET /api/v1/leads", 401, grant="grant_2")],
    "somebody has ended the access": [request("POST /oauth/token", 400, body={"grant_type": "refresh_token"})],
    "a token has expired": [request("GET /api/v1/leads", 401)],
    "the test prescribed the refusal": [lead(422, fault="the answer was set by the test")],
}  # fmt: skip


@pytest.mark.parametrize(("exchanges", "index", "words"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_differs_is_named_with_what_a_correct_app_does(exchanges: list[Exchange], index: int, words: str) -> None:
    """The sentence says what happened, and another one what to do."""
    found = diagnose(exchanges)
    assert found is not None
    assert (found.index, words in found.happened) == (index, True), found
    assert found.correct.endswith(".") and "{" not in found.correct, found


def test_whose_api_is_described_in_openapi_yaml() -> None:
    """ALC's, which serves it; the stand-in of Attio has no such page."""
    alc, attio = diagnose([lead(422)]), diagnose([request("POST /v2/webhooks", 400, receiver="Attio")])
    assert alc and "openapi.yaml" in alc.correct
    assert attio and attio.correct == "The API is described in the reference of Attio."


@pytest.mark.parametrize("exchanges", CORRECT.values(), ids=CORRECT)
def test_what_a_correct_app_does_is_not_named(exchanges: list[Exchange]) -> None:
    """Nor what another end did."""
    assert diagnose(exchanges) is None


def test_the_first_of_several_differences_is_named() -> None:
    """Whatever the order of the rules; a refused request counts only if there is nothing else."""
    refused, resent = lead(422), [lost_lead("k"), lead(201)]
    found = diagnose([refused, *resent, delivery(401)])
    assert found is not None and found.index == 2


@pytest.mark.parametrize("sender", ["test", "browser"])
def test_what_a_test_asks_of_the_mock_is_not_judged(sender: str) -> None:
    """The test is not the app."""
    asked: dict[str, Any] = {"sender": sender}
    mine = [Exchange(**{**vars(one), **asked}) for one in (lost_lead(), lead(422), webhook(), REVOKE)]
    assert diagnose(mine) is None
