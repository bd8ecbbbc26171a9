"""`/graphql` of the stand-in: the shared executor over its tables."""

from importlib.resources import files
from typing import Any
from uuid import uuid4

from tests.unit.mock_attio.conftest import Attio

TUTORIAL = """query getPersonPhoneNumbers($recordId: String!) {
  person(id: $recordId) {
    name {
      full_name
    }
    phone_numbers
  }
}
"""


def ask(attio: Attio, query: str, **variables: object) -> Any:
    """Send a query that must succeed, and return its data."""
    reply = attio.send("POST", "/graphql", {"query": query, "variables": variables}).get_json()
    assert "errors" not in reply, reply
    return reply["data"]


def test_the_query_of_the_tutorial_is_answered_word_for_word(attio: Attio) -> None:
    """Usage 6: name and phone numbers; an unknown id is null, which the tutorial checks for."""
    assert files("alc_app").joinpath("get_person_phone_numbers.graphql").read_text() == TUTORIAL
    found = ask(attio, TUTORIAL, recordId=attio.person()["id"]["record_id"])
    assert found == {"person": {"name": {"full_name": "Ada Lovelace"}, "phone_numbers": ["+442079460142"]}}
    for record_id in (str(uuid4()), "nope"):
        assert ask(attio, TUTORIAL, recordId=record_id) == {"person": None}


def test_a_person_without_a_name_has_a_null_name_and_a_list_of_phones(attio: Attio) -> None:
    """C6: the tutorial's `?? "Unknown"` depends on it."""
    nobody = attio.person(17)["id"]["record_id"]
    assert ask(attio, TUTORIAL, recordId=nobody) == {"person": {"name": None, "phone_numbers": []}}


def test_the_rest_of_the_schema_is_answered_from_the_tables(attio: Attio) -> None:
    """Company, custom attributes, actors, objects, the user and the workspace."""
    attio.write("PATCH", attio.path(), {"alc_status": "Pending"})
    query = """query ($id: String!) {
      record(id: $id, object: "people") {
        object { slug name }
        attribute(slug: "alc_status") { ... on TextValue { value } }
        ... on Person { company { name domains categories { title } } created_by { ... on User { name } } }
      }
      object(slug: "nope") { slug }
      currentUser { name first_name last_name email }
      currentWorkspace { slug }
    }"""
    assert ask(attio, query, id=attio.person()["id"]["record_id"]) == {
        "record": {
            "object": {"slug": "people", "name": "People"},
            "attribute": {"value": "Pending"},
            "company": {
                "name": "Analytical Works",
                "domains": ["analytical.example.com"],
                "categories": [{"title": "Software"}],
            },
            "created_by": {"name": "Robin Marsh"},
        },
        "object": None,
        "currentUser": {
            "name": "Robin Marsh",
            "first_name": "Robin",
            "last_name": "Marsh",
            "email": "robin@example.com",
        },
        "currentWorkspace": {"slug": "halden"},
    }


def test_graphql_wants_the_same_token_as_rest(attio: Attio) -> None:
    """Bearer like REST."""
    attio.token = "nope"
    assert attio.refused("POST", "/graphql", {"query": "{ currentUser { id } }"})["status_code"] == 401


def test_a_get_explains_what_to_send(attio: Attio) -> None:
    """A GET without a token explains the endpoint."""
    reply = attio.app.test_client().get("/graphql")
    assert (reply.status_code, reply.mimetype) == (200, "text/plain")
    assert "POST" in reply.get_data(as_text=True)


def test_a_request_without_a_query_is_refused(attio: Attio) -> None:
    """A REST error, for it is not GraphQL yet."""
    assert attio.refused("POST", "/graphql", {"variables": {}})["validation_errors"][0]["path"] == ["query"]
