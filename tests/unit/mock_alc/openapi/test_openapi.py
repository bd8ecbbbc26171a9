"""The OpenAPI document: valid, complete, and true; schemathesis holds it to what the server does."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mock_alc.leads.conversations import OUTCOMES
from mock_alc.webhooks import targets
from tests.unit.mock_alc.support import Alc, Receiver, basic

DOCUMENTED = ("/api/", "/oauth/token", "/oauth/revoke", "/.well-known/")
UNSAYABLE = ("idempotency_key_reused", "invalid_request")
"""Refusals of what fits the schema, and that no schema can say: a key of another lead, credentials in two places."""


@pytest.fixture(scope="module")
def known() -> Iterator[dict[str, Any]]:
    """A mock with a lead, a webhook and credentials, and nobody to ask for addresses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(targets, "resolve", lambda host, _: [host if host == "127.0.0.1" else "93.184.216.34"])
        alc = Alc(decide_after=0)
        auth = alc.auth()
        lead, hook = alc.send_lead(auth)["id"], alc.hook(auth, "https://hooks.example.com/x")["webhook_id"]
        yield {"alc": alc, "auth": auth, "lead_id": lead, "webhook_id": hook, "client": basic(alc.client())}
        alc.close()


def test_the_server_does_what_the_document_says(known: dict[str, Any]) -> None:
    """Whatever is sent, the document describes the response."""
    import schemathesis  # late: it takes seconds to import, and every process of a test run collects this file
    from schemathesis.checks import load_all_checks

    load_all_checks()
    checks = schemathesis.checks.CHECKS.get_all()
    operations = [
        each.ok() for each in schemathesis.openapi.from_wsgi("/openapi.json", known["alc"].app).get_all_operations()
    ]
    assert operations
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def check(case: Any) -> None:
            call(case, known, checks)

        check()


def call(case: Any, known: dict[str, Any], checks: list[Any]) -> None:
    """Send what schemathesis has made up, and check the response."""
    for name in ("lead_id", "webhook_id"):
        if name in (case.path_parameters or {}) and case.method != "DELETE":
            case.path_parameters[name] = known[name]
    headers = known["client"] if case.path.startswith("/oauth/") else known["auth"]
    answer = case.call(headers=headers)
    skipped = [check for check in checks if check.__name__ == "positive_data_acceptance" and is_unsayable(answer)]
    case.validate_response(answer, checks, excluded_checks=skipped, headers=headers)


def is_unsayable(answer: Any) -> bool:
    """Whether it is refused for what the server knows, or, of a webhook, for where its URL leads."""
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return False
    if isinstance(error, str):
        return error in UNSAYABLE
    return error["code"] in UNSAYABLE or set(error.get("fields", ())) == {"url"}


def test_the_document_is_valid_openapi() -> None:
    """By the dialect that it names."""
    alc = Alc()
    found = alc.http.get("/openapi.json")
    alc.close()
    assert found.status_code == 200
    document = found.get_json()
    assert document["openapi"] == "3.1.0"
    jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": schemas(document)})


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas that have names."""
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def test_every_route_for_programs_is_in_it_and_the_reverse(alc: Alc) -> None:
    """Nothing is forgotten, and nothing is invented."""
    document = alc.http.get("/openapi.json").get_json()
    written = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }  # fmt: skip
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in alc.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(DOCUMENTED)
    }
    assert written == routes


def test_what_is_delivered_is_what_the_document_describes(alc: Alc, receiver: Receiver) -> None:
    """Each event has its schema, and its deliveries keep to it."""
    document = alc.http.get("/openapi.json").get_json()
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())
    alc.hook(auth, receiver.url(), event="prospect.updated")
    for interest in OUTCOMES:
        alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide", json={"interest": interest})
    alc.http.post(f"/api/v1/webhooks/{hook['webhook_id']}/test", headers=auth)
    prospect = {"prospectId": "1", "prospectName": "Ada", "prospectEmail": "ada@example.com"}
    alc.http.post("/_mock/prospects", json=prospect)
    deliveries = alc.deliveries()
    assert {delivery["event"] for delivery in deliveries} == set(document["webhooks"])
    for delivery in deliveries:
        [media] = document["webhooks"][delivery["event"]]["post"]["requestBody"]["content"].values()
        whole = {"components": document["components"], **media["schema"]}
        jsonschema_rs.validate(whole, delivery["body"])
