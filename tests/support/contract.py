"""Check every request that the mock of ALC has recorded against ALC's OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import requests

from mock_alc.openapi import document as read_document
from tests.support.waiting import PATIENCE

CHECKED = ("/api/", "/oauth/token", "/oauth/revoke")
MASK = "***"
SAMPLES = {"secret": "whsec_" + "A" * 43 + "=", "code_verifier": "v" * 43}
"""Values for masked fields whose schema has a pattern."""
_KEPT: set[tuple[str, int, str]] = set()
"""The requests that have kept the contract: the URL of ALC, and the number and time of each."""


def assert_requests_keep_the_contract(alc_url: str) -> None:
    """Fail with every request that the document does not describe, unknown fields included.

    Each is examined once, however many tests share the servers.
    """
    recorded = requests.get(f"{alc_url}/_mock/requests", timeout=PATIENCE).json()["requests"]
    new = {(alc_url, entry["number"], entry["at"]): entry for entry in recorded if entry["path"].startswith(CHECKED)}
    for known in _KEPT & new.keys():
        del new[known]
    broken = [
        f"{entry['method']} {entry['path']}: {problem}"
        for entry in new.values()
        for problem in problems_of(_document(), entry)
    ]
    assert not broken, "\n".join(broken)
    _KEPT.update(name for name, entry in new.items() if entry["status"] is not None)


@cache
def _document() -> dict[str, Any]:
    """Return the document that every mock serves. It is read once: parsing it takes longer than most tests."""
    return read_document()


def problems_of(document: dict[str, Any], entry: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one recorded request, in a sentence each."""
    found = _operation(document, entry)
    if found is None:
        yield "the document has no such operation"
        return
    headers = {name.lower(): value for name, value in entry["headers"].items()}
    yield from _parameter_problems(document, found, entry["query"], headers)
    yield from _body_problems(document, found, entry["body"], headers.get("content-type", ""))
    not_by_fault = entry["status"] is not None and not entry.get("fault")  # a fault may answer anything
    if not_by_fault and str(entry["status"]) not in found["responses"]:
        yield f"the answer {entry['status']} is not documented"


def _operation(document: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any] | None:
    for template, item in document["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, entry["path"]) and entry["method"].lower() in item:
            found: dict[str, Any] = item[entry["method"].lower()]
            return found
    return None


def _parameter_problems(
    document: dict[str, Any], operation: dict[str, Any], query: dict[str, str], headers: dict[str, str]
) -> Iterator[str]:
    known = {"query": {}, "header": {}, "path": {}}  # type: dict[str, dict[str, Any]]
    for parameter in operation.get("parameters", []):
        known[parameter["in"]][parameter["name"].lower()] = parameter["schema"]
    yield from (f"the document has no parameter {name}" for name in query if name not in known["query"])
    for where, given in (("query", query), ("header", headers)):
        for name, schema in known[where].items():
            if name in given:
                value = int(given[name]) if schema["type"] == "integer" else given[name]
                yield from _errors(document, schema, value)


def _body_problems(document: dict[str, Any], operation: dict[str, Any], body: Any, content_type: str) -> Iterator[str]:
    described = operation.get("requestBody")
    if body is None:
        if described and described["required"]:
            yield "the body is missing"
        return
    media = content_type.partition(";")[0]
    if described is None or media not in described["content"]:
        yield f"the document has no body of the type {media!r} here"
        return
    name = described["content"][media]["schema"]["$ref"].rpartition("/")[2]
    known = document["components"]["schemas"][name]
    yield from _errors(document, known, _unmasked(body))
    yield from (f"the document has no field {field}" for field in body if field not in known["properties"])


def _errors(document: dict[str, Any], schema: dict[str, Any], value: Any) -> Iterator[str]:
    validator = jsonschema_rs.Draft202012Validator({"components": document["components"], **schema})
    yield from (f"{'/'.join(map(str, error.instance_path))} {error.message}" for error in validator.iter_errors(value))


def _unmasked(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: SAMPLES.get(name, MASK) if value == MASK else value for name, value in body.items()}
