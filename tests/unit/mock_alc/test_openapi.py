"""The OpenAPI document: valid, complete, and true; schemathesis holds it to what the server does."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from mock_alc.api.leads import CURSOR, E164, KEY, LARGEST_PAGE, PAGE
from mock_alc.api.webhooks import DEFAULT_EXTENSION, MAX_LIFETIME
from mock_alc.base.bodies import CONTROL_CHARACTERS, LONGEST_TEXT
from mock_alc.leads.conversations import OUTCOMES
from mock_alc.leads.leads import DECIDED, PROCESSING
from mock_alc.oauth.endpoints import FORM
from mock_alc.oauth.tables import SCOPES
from mock_alc.openapi import document, event_schemas
from mock_alc.signing.standard_webhooks import PREFIX
from mock_alc.web.app_hooks import LARGEST_BODY
from mock_alc.webhooks import targets
from mock_alc.webhooks.registrations import EVENTS
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
    """By the dialect that it names, the schema of each event included."""
    described = document()
    assert described["openapi"] == "3.1.0"
    assert set(described["components"]["schemas"]) > {"LeadProcessed", "ProspectUpdated", "WebhookTest"}
    jsonschema_rs.meta.validate(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": described["components"]["schemas"]}
    )


def test_each_reference_leads_to_a_part_of_the_document_and_each_part_is_used() -> None:
    """Security schemes are used by name, the others by reference."""
    described = document()
    parts = {
        f"#/components/{kind}/{name}"
        for kind, named in described["components"].items()
        if kind != "securitySchemes"
        for name in named
    }
    assert set(references(described)) == parts


def references(part: Any) -> Iterator[str]:
    """Yield each reference within a part of the document."""
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        if isinstance(value, str) and isinstance(part, dict) and value == part.get("$ref"):
            yield value
        yield from references(value)


def test_it_is_served_as_it_was_written_and_as_json() -> None:
    """In both the server's own address stands in place of the one in the file."""
    alc = Alc(url="http://localhost:9999")
    written, as_json = alc.http.get("/openapi.yaml"), alc.http.get("/openapi.json")
    alc.close()
    assert written.content_type == "application/yaml"
    assert written.text.startswith("# The API of Acme Lead Checker")
    assert yaml.safe_load(written.text) == as_json.get_json() == document("http://localhost:9999")
    assert "127.0.0.1:8001" not in str(as_json.get_json()["components"]["securitySchemes"])


def test_the_limits_in_it_are_those_of_the_code() -> None:
    """A limit that changes in the code has to change in the document."""
    described = document()
    schemas, paths = described["components"]["schemas"], described["paths"]
    limit, cursor = (parameter["schema"] for parameter in paths["/api/v1/leads"]["get"]["parameters"][:2])
    [key] = paths["/api/v1/leads"]["post"]["parameters"]
    text, hook = schemas["SomeText"], schemas["NewWebhook"]["properties"]
    verdict, lead = schemas["LeadProcessed"]["properties"], schemas["Lead"]["properties"]
    lifetimes = [hook["expires_in"], schemas["Extension"]["properties"]["expires_in"]]

    assert (limit["maximum"], limit["default"], cursor["pattern"]) == (LARGEST_PAGE, PAGE, f"^{CURSOR.pattern}$")
    assert (key["name"], key["schema"]["pattern"]) == ("Idempotency-Key", f"^{KEY.pattern}$")
    assert (text["maxLength"], text["pattern"].count(CONTROL_CHARACTERS)) == (LONGEST_TEXT, 3)
    assert schemas["NewLead"]["properties"]["phoneNumber"]["pattern"] == f"^{E164.pattern}$"
    assert (verdict["interest"]["enum"], verdict["status"]["enum"]) == (list(OUTCOMES), list(DECIDED))
    assert (lead["interest"]["enum"], lead["status"]["enum"]) == ([*OUTCOMES, None], [PROCESSING, *DECIDED])
    assert (schemas["Event"]["enum"], hook["url"]["maxLength"]) == (list(EVENTS), targets.LONGEST_URL)
    assert [lifetime["maximum"] for lifetime in lifetimes] == [MAX_LIFETIME] * 2
    assert lifetimes[1]["default"] == DEFAULT_EXTENSION
    assert schemas["Secret"]["pattern"].startswith(f"^{PREFIX}")
    assert f"{LARGEST_BODY // 1024} KiB" in described["components"]["responses"]["413"]["description"]
    [flow] = described["components"]["securitySchemes"]["oauth"]["flows"].values()
    assert (set(flow["scopes"]), set(paths["/oauth/token"]["post"]["requestBody"]["content"])) == (set(SCOPES), {FORM})


def test_every_route_for_programs_is_in_it_and_the_reverse(alc: Alc) -> None:
    """Nothing is forgotten, and nothing is invented."""
    written = {
        (method.upper(), path)
        for path, item in document()["paths"].items()
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
    auth, schemas = alc.auth(), event_schemas()
    hook = alc.hook(auth, receiver.url())
    alc.hook(auth, receiver.url(), event="prospect.updated")
    for interest in OUTCOMES:
        alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide", json={"interest": interest})
    alc.http.post(f"/api/v1/webhooks/{hook['webhook_id']}/test", headers=auth)
    prospect = {"prospectId": "1", "prospectName": "Ada", "prospectEmail": "ada@example.com"}
    alc.http.post("/_mock/prospects", json=prospect)
    deliveries = alc.deliveries()
    assert {delivery["event"] for delivery in deliveries} == set(schemas) == {*EVENTS, "webhook.test"}
    for delivery in deliveries:
        jsonschema_rs.validate(schemas[delivery["event"]], delivery["body"])


def test_the_schema_of_an_event_stands_alone_and_fits_its_examples() -> None:
    """Whoever takes it out of the document needs nothing else of it."""
    for event, schema in event_schemas().items():
        assert not list(references(schema))
        for example in schema.get("examples", []):
            jsonschema_rs.validate(schema, example)
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(schema, {"event": event})
