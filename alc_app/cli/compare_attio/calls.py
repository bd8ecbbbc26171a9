"""The script: what is called, in order. `{mark}` and the names of `keep` are filled in when it is played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JOB_TITLE = "Created by alc-app compare-attio, which deletes it"
"""What marks each person that the script makes. A later run deletes what a run that was killed has left."""
NOBODY = "00000000-0000-4000-8000-000000000000"
PEOPLE = "/v2/objects/people/records"
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Call:
    """One call. `keep` takes values out of its answer, by name; `undo` is the path to DELETE afterwards."""

    title: str
    method: str
    path: str
    body: Any = None
    keep: Mapping[str, Path] = field(default_factory=dict)
    undo: str = ""
    parts: tuple[Path, ...] = ((),)
    """What is compared of an answer that is no error: the rest depends on the workspace."""
    with_token: bool = True


def _values(**values: Any) -> dict[str, Any]:
    return {"data": {"values": values}}


def _shown(*slugs: str) -> tuple[Path, ...]:
    return (("data", "id"), *(("data", "values", slug) for slug in slugs))


def _query(text: Any) -> dict[str, Any]:
    return {"filter": text, "limit": 5}


ADA = {"first_name": "Ada", "last_name": "{mark}", "full_name": "Ada {mark}"}
EMAIL = "{mark}@gmail.com"
"""Attio creates no company for this domain."""
FIRST: Path = ("data", 0)

CALLS = (
    Call("Identify the token", "GET", "/v2/self", parts=(("active",), ("token_type",), ("client_id",))),
    Call("Call without a token", "GET", "/v2/objects", with_token=False),
    Call("Call an endpoint that does not exist", "GET", "/v2/no-such-endpoint"),
    Call("Get the object people", "GET", "/v2/objects/people", parts=(("data", "api_slug"), ("data", "singular_noun"))),
    Call("Get an object that does not exist", "GET", "/v2/objects/{mark}"),
    Call("Get the attribute name", "GET", "/v2/objects/people/attributes/name"),
    Call("Get the attribute email_addresses", "GET", "/v2/objects/people/attributes/email_addresses"),
    Call("Get an attribute that does not exist", "GET", "/v2/objects/people/attributes/{mark}"),
    Call("List the members", "GET", "/v2/workspace_members", parts=(("data", 0, "id"), ("data", 0, "access_level"))),
    Call(
        "Create a person", "POST", PEOPLE,
        _values(name=ADA, email_addresses=[EMAIL], phone_numbers=["+442071838750"], job_title=JOB_TITLE),
        keep={"ada": ("data", "id", "record_id")}, undo=PEOPLE + "/{ada}",
        parts=_shown("name", "email_addresses", "phone_numbers", "job_title"),
    ),
    Call(
        "Create a person with an address that is taken", "POST", PEOPLE,
        _values(email_addresses=[EMAIL], job_title=JOB_TITLE),
        keep={"twin": ("data", "id", "record_id")}, undo=PEOPLE + "/{twin}",
    ),
    Call(
        "Create a person with a part of a name", "POST", PEOPLE,
        _values(name={"first_name": "Ada"}, job_title=JOB_TITLE),
        keep={"half": ("data", "id", "record_id")}, undo=PEOPLE + "/{half}",
    ),
    Call("Create a person with an unknown attribute", "POST", PEOPLE, _values(no_such_attribute="x")),
    Call("Create a person with an address that is none", "POST", PEOPLE, _values(email_addresses=["not an address"])),
    Call("Create a person with a number that is none", "POST", PEOPLE, _values(phone_numbers=["12"])),
    Call("Create a person without values", "POST", PEOPLE, {"data": {}}),
    Call("Get the person", "GET", PEOPLE + "/{ada}", parts=_shown("name", "email_addresses", "phone_numbers")),
    Call(
        "Write the person's name as a text", "PATCH", PEOPLE + "/{ada}", _values(name="{mark}, Augusta Ada"),
        parts=_shown("name"),
    ),
    Call(
        "Add an address", "PATCH", PEOPLE + "/{ada}", _values(email_addresses=["second." + EMAIL]),
        parts=_shown("email_addresses"),
    ),
    Call(
        "Overwrite the addresses", "PUT", PEOPLE + "/{ada}", _values(email_addresses=["third." + EMAIL]),
        parts=_shown("email_addresses"),
    ),
    Call("Clear the numbers", "PUT", PEOPLE + "/{ada}", _values(phone_numbers=[]), parts=_shown("phone_numbers")),
    Call(
        "Upsert the person by an address", "PUT", PEOPLE + "?matching_attribute=email_addresses",
        _values(email_addresses=["third." + EMAIL], job_title=JOB_TITLE), parts=_shown("email_addresses", "job_title"),
    ),
    Call("Upsert as the seeds spell it", "PUT", PEOPLE + "?matching_attributes=email_addresses",
         _values(email_addresses=["third." + EMAIL], job_title=JOB_TITLE), parts=_shown("job_title")),
    Call("Upsert by an attribute that is not unique", "PUT", PEOPLE + "?matching_attribute=job_title",
         _values(job_title=JOB_TITLE)),
    Call(
        "Find the person by a part of the name", "POST", PEOPLE + "/query", _query({"name": {"$contains": "{mark}"}}),
        parts=(("data", 0, "values", "name"),),
    ),
    Call("Filter by an unknown attribute", "POST", PEOPLE + "/query", _query({"no_such_attribute": "x"})),
    Call("Filter with an unknown operator", "POST", PEOPLE + "/query", _query({"name": {"$like": "x"}})),
    Call("Ask for a thousand and one", "POST", PEOPLE + "/query", {"limit": 1001}),
    Call("List the values of a name", "GET", PEOPLE + "/{ada}/attributes/name/values?show_historic=true"),
    Call("List the lists that a person is in", "GET", PEOPLE + "/{ada}/entries"),
    Call("Get a person who does not exist", "GET", f"{PEOPLE}/{NOBODY}"),
    Call("Get a person by an id that is none", "GET", PEOPLE + "/not-an-id"),
    Call(
        "Create a note", "POST", "/v2/notes",
        {"data": {"parent_object": "people", "parent_record_id": "{ada}", "title": "{mark}", "format": "plaintext",
                  "content": "Hello"}},
        keep={"note": ("data", "id", "note_id")}, undo="/v2/notes/{note}",
    ),
    Call(
        "Create a note on no record", "POST", "/v2/notes",
        {"data": {"parent_object": "people", "parent_record_id": NOBODY, "title": "{mark}", "format": "plaintext",
                  "content": "Hello"}},
    ),
    Call(
        "Create a task", "POST", "/v2/tasks",
        {"data": {"content": "{mark}", "format": "plaintext", "deadline_at": None, "is_completed": False,
                  "linked_records": [{"target_object": "people", "target_record_id": "{ada}"}], "assignees": []}},
        keep={"task": ("data", "id", "task_id")}, undo="/v2/tasks/{task}",
    ),
    Call("Complete the task", "PATCH", "/v2/tasks/{task}", {"data": {"is_completed": True}}),
    Call("Create a task without its parts", "POST", "/v2/tasks", {"data": {"content": "{mark}"}}),
    Call(
        "Create a webhook", "POST", "/v2/webhooks",
        {"data": {"target_url": "https://example.com/{mark}", "subscriptions": [
            {"event_type": "note.deleted", "filter": {"$and": [
                {"field": "parent_record_id", "operator": "equals", "value": NOBODY}]}}]}},
        keep={"webhook": ("data", "id", "webhook_id")}, undo="/v2/webhooks/{webhook}",
    ),
    Call("Get the webhook", "GET", "/v2/webhooks/{webhook}"),
    Call(
        "Create a webhook at an address without https", "POST", "/v2/webhooks",
        {"data": {"target_url": "ftp://example.com/", "subscriptions": []}},
        keep={"odd_webhook": ("data", "id", "webhook_id")}, undo="/v2/webhooks/{odd_webhook}",
    ),
    Call(
        "Create a webhook for an event that does not exist", "POST", "/v2/webhooks",
        {"data": {"target_url": "https://example.com/{mark}", "subscriptions": [
            {"event_type": "no.such-event", "filter": None}]}},
        keep={"third_webhook": ("data", "id", "webhook_id")}, undo="/v2/webhooks/{third_webhook}",
    ),
    Call("Delete the task", "DELETE", "/v2/tasks/{task}"),
    Call("Delete the task again", "DELETE", "/v2/tasks/{task}"),
    Call("Delete the person", "DELETE", PEOPLE + "/{ada}"),
    Call("Write to the deleted person", "PATCH", PEOPLE + "/{ada}", _values(job_title=JOB_TITLE)),
)  # fmt: skip
LEFT_OVER = Call(
    "Find what a killed run has left", "POST", PEOPLE + "/query", {"filter": {"job_title": JOB_TITLE}, "limit": 100}
)
