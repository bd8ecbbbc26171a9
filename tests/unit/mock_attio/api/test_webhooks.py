"""`/v2/webhooks`: the shapes, the secret that is shown once, the unique triple, and what seed 004 spells otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio

URL = "https://app.example.com/attio/events"
CREATED = {"event_type": "record.created", "filter": None}


def body(*subscriptions: dict[str, Any], url: str = URL) -> dict[str, Any]:
    """Return the body of a creation."""
    return {"data": {"target_url": url, "subscriptions": list(subscriptions) or [CREATED]}}


def equals(field: str, value: str) -> dict[str, str]:
    """Return one operation of a filter."""
    return {"field": field, "operator": "equals", "value": value}


def test_a_webhook_is_created_and_its_secret_is_shown_once(attio: Attio) -> None:
    """Attio's own shape; list, get and patch have all of it but the secret."""
    made = attio.ok("POST", "/v2/webhooks", body())
    path = f"/v2/webhooks/{made['id']['webhook_id']}"

    assert len(made.pop("secret")) == 64
    assert set(made) == {"target_url", "subscriptions", "id", "status", "created_at"}
    assert (made["target_url"], made["subscriptions"], made["status"]) == (URL, [CREATED], "active")
    assert attio.ok("GET", path) == attio.ok("PATCH", path, {"data": {}}) == made
    assert attio.ok("GET", "/v2/webhooks") == [made]


def test_a_deleted_webhook_is_gone(attio: Attio) -> None:
    """An empty object, then 404."""
    path = f"/v2/webhooks/{attio.ok('POST', '/v2/webhooks', body())['id']['webhook_id']}"

    assert attio.send("DELETE", path).get_json() == {}
    for method in ("GET", "PATCH", "DELETE"):
        assert attio.refused(method, path, {"data": {}})["code"] == "not_found"


def test_subscriptions_that_are_given_take_the_place_of_those_before(attio: Attio) -> None:
    """Also the same ones once more, and beside a new address."""
    path = f"/v2/webhooks/{attio.ok('POST', '/v2/webhooks', body())['id']['webhook_id']}"
    deleted = {"event_type": "record.deleted", "filter": None}

    changed = attio.ok("PATCH", path, {"data": {"subscriptions": [deleted, CREATED], "target_url": f"{URL}/2"}})

    assert (changed["subscriptions"], changed["target_url"]) == ([deleted, CREATED], f"{URL}/2")
    assert attio.ok("POST", "/v2/webhooks", body())["status"] == "active"


def test_the_triple_of_address_type_and_filter_is_unique(attio: Attio) -> None:
    """409 across webhooks, within a request and after a change; filters are compared without regard to order."""
    one, two = equals("id.object_id", "1"), equals("id.attribute_id", "2")
    attio.ok("POST", "/v2/webhooks", body({"event_type": "record.updated", "filter": {"$and": [one, two]}}))
    other = attio.ok("POST", "/v2/webhooks", body({"event_type": "record.updated", "filter": {"$or": [one, two]}}))
    turned = {"event_type": "record.updated", "filter": {"$and": [dict(reversed(two.items())), one]}}
    path = f"/v2/webhooks/{other['id']['webhook_id']}"

    assert attio.refused("POST", "/v2/webhooks", body(turned))["code"] == "uniqueness_conflict"
    assert attio.refused("POST", "/v2/webhooks", body(CREATED, CREATED))["status_code"] == 409
    assert attio.refused("PATCH", path, {"data": {"subscriptions": [turned]}})["status_code"] == 409
    assert attio.ok("GET", path) == {key: value for key, value in other.items() if key != "secret"}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"target_url": "http://example.com/x"}, ["data", "target_url"]),
        ({"target_url": "https://"}, ["data", "target_url"]),
        ({"target_url": None}, ["data", "target_url"]),
        ({"subscriptions": []}, ["data", "subscriptions"]),
        ({"subscriptions": [{"event_type": "comment.updated"}]}, ["data", "subscriptions", 0, "event_type"]),
        ({"subscriptions": [{"filter": None}]}, ["data", "subscriptions", 0, "event_type"]),
    ],
)
def test_what_attio_does_not_know_is_refused_by_its_place(attio: Attio, wrong: Any, path: list[Any]) -> None:
    """400 `validation_type`; Attio calls https only."""
    error = attio.refused("POST", "/v2/webhooks", {"data": body()["data"] | wrong})

    assert error["code"] == "validation_type"
    assert path in [problem["path"] for problem in error["validation_errors"]]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:1/x"])
def test_this_machine_may_be_called_without_tls(attio: Attio, url: str) -> None:
    """Unlike Attio: the stand-in and its callers run on one machine."""
    assert attio.ok("POST", "/v2/webhooks", body(url=url))["target_url"] == url


@pytest.mark.parametrize(
    "filter_",
    [
        {},
        {"$and": []},
        {"$not": [equals("id.object_id", "1")]},
        {"$and": [equals("id.object_id", "1")], "$or": [equals("id.object_id", "1")]},
        {"$and": [{"$or": [equals("id.object_id", "1")]}]},
        {"$and": [equals("id.object_id", "1") | {"operator": "contains"}]},
        {"$and": [equals("id.object_id", "1") | {"value": 1}]},
        {"$and": [equals("id..object_id", "1")]},
    ],
    ids=str,
)
def test_a_filter_of_another_grammar_is_refused(attio: Attio, filter_: Any) -> None:
    """No nesting, no `$not`, two operators, texts only."""
    asked = body({"event_type": "record.created", "filter": filter_})

    assert attio.refused("POST", "/v2/webhooks", asked)["code"] == "validation_type"


def test_seed_004_is_understood_where_attio_understands_it(attio: Attio) -> None:
    """Seed 004, step 1: a `filter` that is left out means none; its bare body and its `$eq` are not Attio's."""
    plain = {"target_url": URL, "subscriptions": [{"event_type": "note.created"}, {"event_type": "task.created"}]}
    by_list = {"event_type": "list-entry.created", "filter": {"list": {"$eq": "sales_pipeline"}}}
    by_both = {"$and": [{"object": {"$eq": "deals"}}, {"attribute": {"$eq": "stage"}}]}

    assert attio.ok("POST", "/v2/webhooks", {"data": plain})["subscriptions"][0]["filter"] is None
    assert attio.refused("POST", "/v2/webhooks", plain)["code"] == "validation_type"
    assert attio.refused("POST", "/v2/webhooks", body(by_list))["status_code"] == 400
    assert (
        attio.refused("POST", "/v2/webhooks", body({"event_type": "record.updated", "filter": by_both}))["status_code"]
        == 400
    )


@pytest.mark.parametrize(("scope", "may"), [("webhook:read", "GET"), ("record_permission:read-write", "")])
def test_a_token_needs_the_scope(attio: Attio, scope: str, may: str) -> None:
    """403 names the scope."""
    attio.token = attio.send("POST", "/_mock/tokens", {"scope": scope}).get_json()["token"]

    assert attio.send("GET", "/v2/webhooks").status_code == (200 if may else 403)
    assert "webhook:read" in attio.refused("POST", "/v2/webhooks", body())["message"]


def test_webhooks_are_listed_by_pages(attio: Attio) -> None:
    """`limit` and `offset`, in the order of their creation."""
    urls = [f"{URL}/{number}" for number in range(3)]
    for url in urls:
        attio.ok("POST", "/v2/webhooks", body(url=url))
        attio.clock.advance(1)

    assert [one["target_url"] for one in attio.ok("GET", "/v2/webhooks?limit=2&offset=1")] == urls[1:]
