"""Random bodies at every route that takes one."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alc_app.mock_attio.seed.schema import stable_id
from tests.unit.mock_attio.conftest import Attio

PEOPLE = "/v2/objects/people/records"
ADA = f"{PEOPLE}/{stable_id('people/ada@example.com')}"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("Ada, é\u202e"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
SLUGS = st.sampled_from(
    [
        "name",
        "email_addresses",
        "phone_numbers",
        "company",
        "job_title",
        "primary_location",
        "alc_status",
        "record_id",
        "x",
        "nope",
    ]
)
KEYS = st.sampled_from(
    [
        "value",
        "first_name",
        "full_name",
        "email_address",
        "original_phone_number",
        "country_code",
        "locality",
        "target_object",
        "target_record_id",
        "option",
        "path",
        "constraints",
        "$eq",
        "$in",
        "$contains",
        "$gt",
        "$not",
        "$and",
        "$or",
    ]
)
NEAR_MISSES = st.recursive(
    JSON | st.sampled_from(["people", "companies", "+442079460142", "GB", "ada@example.com"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
VALUES = st.dictionaries(SLUGS, NEAR_MISSES, max_size=3)
ATTRIBUTE = st.fixed_dictionaries(
    {
        "title": st.text(min_size=1, max_size=5) | JSON,
        "description": st.none() | JSON,
        "api_slug": st.sampled_from(["x", "name"]) | JSON,
        "type": st.sampled_from(["text", "select", "currency", "record-reference"]) | JSON,
        "is_required": st.booleans() | JSON,
        "is_unique": st.booleans() | JSON,
        "is_multiselect": st.booleans(),
        "config": st.just({}) | JSON,
    }
)
ID = st.just(stable_id("people/ada@example.com")) | JSON
PARENT = {"parent_object": st.sampled_from(["people", "x"]), "parent_record_id": ID}
TASK = {
    "content": st.text(), "format": st.just("plaintext"), "deadline_at": st.none() | JSON,
    "is_completed": st.booleans(), "linked_records": st.lists(NEAR_MISSES, max_size=2),
    "assignees": st.lists(NEAR_MISSES, max_size=2),
}  # fmt: skip
MOMENT = st.sampled_from(["2020", "2021-01-01T00:00:00Z", "2999"]) | JSON
HISTORY = st.lists(
    st.fixed_dictionaries({"value": NEAR_MISSES, "active_from": MOMENT, "active_until": MOMENT}), max_size=2
)
SORT = st.fixed_dictionaries({"attribute": SLUGS, "direction": st.just("asc")})
BODIES = st.one_of(
    JSON,
    st.fixed_dictionaries({"data": JSON | ATTRIBUTE}),
    st.fixed_dictionaries({"data": st.fixed_dictionaries({"values": VALUES | JSON})}),
    st.fixed_dictionaries({"data": st.fixed_dictionaries({"title": st.text(min_size=1)})}),
    st.fixed_dictionaries(
        {"filter": VALUES | NEAR_MISSES, "sorts": st.lists(SORT) | JSON},
    ),
    st.fixed_dictionaries({"data": st.fixed_dictionaries(PARENT | {"entry_values": VALUES | JSON})}),
    st.fixed_dictionaries({"data": st.fixed_dictionaries(TASK)}),
    st.fixed_dictionaries({"data": st.fixed_dictionaries({"values": HISTORY, "replace_history": st.just(True)})}),
    st.fixed_dictionaries({"query": st.text(), "objects": st.just(["people"]) | JSON, "request_as": NEAR_MISSES}),
    st.fixed_dictionaries({"query": st.text() | st.just('{ person(id: "x") { id } }'), "variables": JSON}),
)
SALES = {
    "name": "Sales", "api_slug": "sales", "parent_object": "people", "workspace_access": None,
    "workspace_member_access": [],
}  # fmt: skip
ROUTES = [
    ("POST", PEOPLE),
    ("PUT", f"{PEOPLE}?matching_attribute=email_addresses"),
    ("PUT", f"{PEOPLE}?matching_attribute=record_id"),
    ("PATCH", ADA),
    ("PUT", ADA),
    ("POST", f"{PEOPLE}/query"),
    ("POST", "/v2/objects"),
    ("PATCH", "/v2/objects/people"),
    ("POST", "/v2/objects/people/attributes"),
    ("PATCH", "/v2/objects/people/attributes/alc_status"),
    ("POST", "/v2/objects/companies/attributes/categories/options"),
    ("PATCH", "/v2/objects/companies/attributes/categories/options/Media"),
    ("PUT", f"{ADA}/attributes/job_title/values"),
    ("POST", "/v2/objects/records/search"),
    ("POST", "/v2/lists"),
    ("PATCH", "/v2/lists/sales"),
    ("POST", "/v2/lists/sales/attributes"),
    ("POST", "/v2/lists/sales/entries"),
    ("PUT", "/v2/lists/sales/entries"),
    ("POST", "/v2/lists/sales/entries/query"),
    ("POST", "/v2/tasks"),
    ("POST", "/v2/notes"),
    ("POST", "/graphql"),
]


@given(body=BODIES)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_stand_in_fail(attio: Attio, body: Any) -> None:
    """Random JSON, and JSON that is nearly right, at every route that takes a body: never a 5xx."""
    attio.send("POST", "/v2/lists", {"data": SALES})
    for method, path in ROUTES:
        reply = attio.send(method, path, body)
        assert reply.status_code < 500, (method, path, body, reply.get_json())
        if reply.status_code >= 400:
            assert reply.get_json()["status_code"] == reply.status_code
