"""The GraphQL executor, over a loader that keeps its records in a dictionary."""

from collections.abc import Sequence
from typing import Any

import pytest
from graphql import get_introspection_query

from alc_app.attio.graphql import MAX_IDS, Json, execute

WHOLE_NAME = "query ($id: String!) { person(id: $id) { name { full_name } phone_numbers } }"


def value(kind: str, **content: object) -> Json:
    """Return a value as the REST API shows it."""
    return {"attribute_type": kind, **content}


def record(record_id: str, **values: list[Json]) -> Json:
    """Return a record as the REST API shows it."""
    return {"id": {"record_id": record_id}, "web_url": f"https://app.attio.com/{record_id}", "values": values}


def choice(kind: str) -> Json:
    """Return an option or status as the REST API shows it."""
    return {"id": {f"{kind}_id": "c1", "attribute_id": "a1"}, "title": "Blue"}


class FakeLoader:
    """Answers from dictionaries, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        at_acme = value("record-reference", target_object="companies", target_record_id="acme")
        at_other = value("record-reference", target_object="companies", target_record_id="other")
        name = value("personal-name", first_name="Ada", last_name="", full_name="Ada Lovelace")
        self.stored = {
            ("people", "ada"): record("ada", name=[name], company=[at_acme]),
            ("people", "bob"): record("bob", name=[], company=[at_other]),
            ("companies", "acme"): record("acme", name=[value("text", value="Acme")]),
            ("companies", "other"): record("other", name=[value("text", value="Other")]),
        }
        self.fields: list[tuple[str, str, bool]] = [("company", "record-reference", False)]

    def record(self, object_slug: str, record_id: str) -> Json | None:
        self.asked.append((object_slug, record_id))
        return self.stored.get((object_slug, record_id))

    def records(self, object_slug: str, record_ids: Sequence[str]) -> Sequence[Json]:
        self.asked.append((object_slug, *sorted(record_ids)))
        return [self.stored[object_slug, one] for one in reversed(record_ids) if (object_slug, one) in self.stored]

    def object(self, slug: str) -> Json | None:
        return {"api_slug": slug, "plural_noun": slug.title()} if slug in {"people", "boats"} else None

    def attributes(self, object_slug: str) -> Sequence[Json]:
        self.asked.append(("attributes", object_slug))
        keys = ("api_slug", "type", "is_multiselect")
        return [{"title": field[0], **dict(zip(keys, field, strict=True))} for field in self.fields]

    def member(self, member_id: str) -> Json | None:
        return self.current_user() if member_id == "robin" else None

    def current_user(self) -> Json:
        return {
            "id": {"workspace_member_id": "robin"},
            "first_name": "Robin",
            "last_name": "Marsh",
            "email_address": "robin@example.com",
        }

    def current_workspace(self) -> Json:
        return {"workspace_id": "w1", "workspace_name": "Acme", "workspace_slug": "acme", "active": True}


def ask(query: str, loader: FakeLoader | None = None, **variables: object) -> Any:
    """Ask a query that must succeed, and return its data."""
    result = execute(query, variables, loader or FakeLoader())
    assert "errors" not in result, result
    return result["data"]


def errors_of(query: str, **variables: object) -> list[str]:
    """Ask a query that must fail, and return what it is told."""
    return [error["message"] for error in execute(query, variables, FakeLoader())["errors"]]


def test_lists_are_never_null_and_an_unset_name_is() -> None:
    """Nullability of the SDK's schema: the tutorial's `?.` and `[0] ?? null` depend on it."""
    assert ask(WHOLE_NAME, id="bob") == {"person": {"name": None, "phone_numbers": []}}
    assert ask(WHOLE_NAME, id="nobody") == {"person": None}


def test_an_empty_part_of_a_name_is_null() -> None:
    """REST has empty strings where GraphQL has null."""
    found = ask('{ person(id: "ada") { name { first_name last_name } } }')
    assert found["person"]["name"] == {"first_name": "Ada", "last_name": None}


def test_records_come_in_the_order_asked_for_with_null_for_the_unknown() -> None:
    """`people.records(ids)`, whatever the order in which the loader returns them."""
    found = ask('{ people { records(ids: ["bob", "nobody", "ada"]) { id url } } }')["people"]["records"]
    assert [one and one["id"] for one in found] == ["bob", None, "ada"]


def test_records_that_are_mentioned_together_are_loaded_together() -> None:
    """Two people of two companies take two calls, not three."""
    loader = FakeLoader()
    found = ask('{ people { records(ids: ["ada", "bob"]) { company { name } } } }', loader)
    assert [one["company"]["name"] for one in found["people"]["records"]] == ["Acme", "Other"]
    assert loader.asked == [("people", "ada", "bob"), ("companies", "acme", "other")]


def test_what_is_asked_twice_is_loaded_once() -> None:
    """Two aliases of one person are one call."""
    loader = FakeLoader()
    ask('{ one: person(id: "ada") { id } two: person(id: "ada") { url } }', loader)
    assert loader.asked == [("people", "ada")]


NAME = value("personal-name", first_name="A", last_name="B", full_name="A B")
PLACE = {f"line_{number}": None for number in range(1, 5)} | {
    "locality": "London", "region": None, "postcode": None, "country_code": "GB", "latitude": None, "longitude": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "multi", "content", "typename", "selection", "shown"),
    [
        ("text", False, {"value": "x"}, "TextValue", "value", "x"),
        ("number", False, {"value": 1.5}, "NumberValue", "value", 1.5),
        ("checkbox", False, {"value": True}, "CheckboxValue", "value", True),
        ("rating", False, {"value": 4}, "RatingValue", "value", 4),
        ("date", False, {"value": "2026-01-01"}, "DateValue", "value", "2026-01-01"),
        (
            "select",
            False,
            {"option": choice("option")},
            "SelectValue",
            "value { id title }",
            {"id": "c1", "title": "Blue"},
        ),
        ("select", True, {"option": choice("option")}, "MultiSelectValue", "values { title }", [{"title": "Blue"}]),
        ("status", False, {"status": choice("status")}, "StatusValue", "value { id }", {"id": "c1"}),
        ("email-address", True, {"email_address": "a@b.c"}, "MultiEmailAddressValue", "values", ["a@b.c"]),
        ("email-address", False, {"email_address": "a@b.c"}, "MultiEmailAddressValue", "values", ["a@b.c"]),
        ("phone-number", False, {"phone_number": "+1"}, "PhoneNumberValue", "value", "+1"),
        ("phone-number", True, {"phone_number": "+1"}, "MultiPhoneNumberValue", "values", ["+1"]),
        ("domain", False, {"domain": "b.c"}, "DomainValue", "value", "b.c"),
        ("location", False, PLACE, "LocationValue", "value { line1 country }", {"line1": None, "country": "GB"}),
        (
            "currency",
            False,
            {"currency_value": 1.5, "currency_code": "EUR"},
            "CurrencyValue",
            "value { currency_code }",
            {"currency_code": "EUR"},
        ),
        (
            "record-reference",
            False,
            {"target_object": "boats", "target_record_id": "b"},
            "RecordReferenceValue",
            "value { id object { name } }",
            {"id": "b", "object": {"name": "Boats"}},
        ),
        (
            "actor-reference",
            False,
            {"referenced_actor_type": "workspace-member", "referenced_actor_id": "robin"},
            "ActorReferenceValue",
            "value { ... on User { name } }",
            {"name": "Robin Marsh"},
        ),
        (
            "actor-reference",
            False,
            {"referenced_actor_type": "api-token", "referenced_actor_id": "t"},
            "ActorReferenceValue",
            "value { ... on APITokenActor { type } }",
            {"type": "api-token"},
        ),
    ],
)
def test_a_custom_attribute_is_read_through_the_union(
    kind: str, multi: bool, content: Json, typename: str, selection: str, shown: object
) -> None:
    """`attribute(slug:)`: the member of the union follows the attribute's type and whether it is a multiselect."""
    loader = FakeLoader()
    loader.fields = [("x", kind, multi)]
    loader.stored["boats", "b"] = record("b")
    loader.stored["people", "ada"]["values"]["x"] = [value(kind, **content)]
    found = ask(f'{{ person(id: "ada") {{ attribute(slug: "x") {{ ... on {typename} {{ {selection} }} }} }} }}', loader)
    assert list(found["person"]["attribute"].values()) == [shown]


@pytest.mark.parametrize(
    ("kind", "multi", "expected"),
    [
        ("text", False, {"__typename": "TextValue"}),
        ("select", True, {"__typename": "MultiSelectValue"}),
        ("checkbox", False, None),
        ("rating", False, None),
    ],
)
def test_an_unset_attribute_keeps_its_type_where_its_type_can_be_empty(
    kind: str, multi: bool, expected: object
) -> None:
    """CheckboxValue and RatingValue have no empty value."""
    loader = FakeLoader()
    loader.fields = [("x", kind, multi)]
    query = '{ person(id: "ada") { attribute(slug: "x") { __typename } unknown: attribute(slug: "y") { __typename } } }'
    assert ask(query, loader)["person"] == {"attribute": expected, "unknown": None}


def test_objects_tell_their_attributes_by_type() -> None:
    """`object(slug)` and `attributes(types:)`; the types are those of the SDK's enum."""
    found = ask('{ object(slug: "boats") { __typename name attributes(types: [RECORD_REFERENCE]) { slug type } } }')
    attributes = [{"slug": "company", "type": "RECORD_REFERENCE"}]
    assert found["object"] == {"__typename": "Object", "name": "Boats", "attributes": attributes}
    assert ask('{ object(slug: "nope") { name } people { attributes(types: [TEXT]) { slug } } }') == {
        "object": None,
        "people": {"attributes": []},
    }


def test_the_user_and_the_workspace_are_known() -> None:
    """`currentUser` and `currentWorkspace`."""
    assert ask("{ currentUser { id name email } currentWorkspace { id name slug } }") == {
        "currentUser": {"id": "robin", "name": "Robin Marsh", "email": "robin@example.com"},
        "currentWorkspace": {"id": "w1", "name": "Acme", "slug": "acme"},
    }


def test_a_clients_introspection_passes_the_limits() -> None:
    """Introspection is on; code generators and GraphiQL need it."""
    assert ask(get_introspection_query())["__schema"]["mutationType"] is None


def test_one_operation_of_several_is_chosen_by_name() -> None:
    """`operationName`, as GraphQL over HTTP has it."""
    query = 'query a { person(id: "ada") { id } } query b { person(id: "bob") { id } }'
    assert execute(query, None, FakeLoader(), "b")["data"] == {"person": {"id": "bob"}}
    assert "errors" in execute(query, None, FakeLoader())


SPREADS = " ".join(f"fragment f{n} on Person {{ ...f{n + 1} ...f{n + 1} }}" for n in range(12))
TOO_LARGE = [
    "{ " + "a" * 11_000 + " }",
    "{ " + "people { name } " * 800 + "}",
    "{ " + " ".join(f'p{n}: person(id: "ada") {{ id }}' for n in range(40)) + " }",
    "{ people { records(ids: []) { " + "id " * 600 + "} } }",
    '{ person(id: "ada") { ...f0 } } ' + SPREADS + " fragment f12 on Person { id }",
    '{ person(id: "ada") { ...f } } fragment f on Person { ...f }',
    "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    "{ people " + "{ record(id: 1) { object " * 10 + "{ slug }" + " } }" * 10 + " }",
]


@pytest.mark.parametrize("query", TOO_LARGE)
def test_a_query_that_is_too_large_is_refused_before_it_runs(query: str) -> None:
    """U12: limits on length, tokens, aliases, selections (fragments count as often as they are spread), and depth."""
    loader = FakeLoader()
    result = execute(query, None, loader)
    assert result["data"] is None
    assert result["errors"]
    assert loader.asked == []


def test_too_many_ids_at_once_are_an_error() -> None:
    """U12: one query cannot ask for the whole workspace."""
    (message,) = errors_of(
        "query ($ids: [String!]!) { people { records(ids: $ids) { id } } }", ids=["x"] * (MAX_IDS + 1)
    )
    assert message == f"You can ask for at most {MAX_IDS} records at once."


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("", {}),
        ("{", {}),
        ("{ nope }", {}),
        ("mutation { nope }", {}),
        ("subscription { people { name } }", {}),
        (WHOLE_NAME, {}),
        (WHOLE_NAME, {"id": 5}),
        ("{ person { id } }", {}),
    ],
)
def test_a_wrong_query_is_told_what_is_wrong(query: str, variables: dict[str, object]) -> None:
    """Syntax, unknown fields, missing variables, and operations that the schema does not have."""
    assert all(errors_of(query, **variables))


def test_what_the_loader_raises_reaches_the_caller_unchanged() -> None:
    """Only the caller knows what "Attio did not answer" means for it."""

    class Unreachable(Exception):
        pass

    class BrokenLoader(FakeLoader):
        def record(self, object_slug: str, record_id: str) -> Json | None:
            raise Unreachable

    with pytest.raises(Unreachable):
        execute(WHOLE_NAME, {"id": "ada"}, BrokenLoader())
