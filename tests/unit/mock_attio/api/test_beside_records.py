"""Notes and tasks: Attio's shapes, and a webhook event for each change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mock_attio.conftest import Attio
from tests.unit.mock_attio.store.test_webhook_sender import Receiver


@pytest.fixture
def receiver(attio: Attio) -> Receiver:
    """Return a receiver that is subscribed to all of these events."""
    found = Receiver(attio)
    found.subscribe(
        "note.created", "note.updated", "note-content.updated", "note.deleted", "task.created", "task.updated",
        "task.deleted",
    )  # fmt: skip
    return found


@pytest.fixture
def parent(attio: Attio) -> dict[str, str]:
    """Return a person in the form in which bodies name a parent record."""
    return {"parent_object": "people", "parent_record_id": attio.person()["id"]["record_id"]}


def sent_events(receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    """Return the types and ids of the events received."""
    return [(one["event_type"], one["id"]) for one in receiver.events()]


def test_a_note_is_written_changed_and_deleted(attio: Attio, receiver: Receiver, parent: dict[str, str]) -> None:
    """A new title and a new text are two events; no change sends none; each event names the parent."""
    body = {**parent, "title": "Call", "format": "plaintext", "content": "She said yes."}
    note = attio.ok("POST", "/v2/notes", {"data": body})
    path = f"/v2/notes/{note['id']['note_id']}"
    attio.ok("PATCH", path, {"data": {"title": "Call 2", "content": "She said no."}})
    changed = attio.ok("PATCH", path, {"data": {"title": "Call 2"}})

    assert (changed["title"], changed["content_plaintext"], changed["parent_object"]) == (
        "Call 2",
        "She said no.",
        "people",
    )
    assert attio.ok("GET", f"/v2/notes?parent_record_id={parent['parent_record_id']}") == [changed]
    attio.send("DELETE", path)
    assert attio.refused("GET", path)["code"] == "not_found"
    events = receiver.events()
    assert [one["event_type"] for one in events] == [
        "note.created", "note.updated", "note-content.updated", "note.deleted",
    ]  # fmt: skip
    assert {one["parent_record_id"] for one in events} == {parent["parent_record_id"]}


def test_a_note_has_every_field_of_attios(attio: Attio, parent: dict[str, str]) -> None:
    """The generated client `attio-ts-sdk` refuses one without a `meeting_id`, be it null."""
    note = attio.ok("POST", "/v2/notes", {"data": {**parent, "title": "", "format": "plaintext", "content": ""}})

    assert note.keys() == {
        "id", "parent_object", "parent_record_id", "title", "content_plaintext", "content_markdown", "meeting_id",
        "tags", "created_by_actor", "created_at",
    }  # fmt: skip
    assert note["meeting_id"] is None


def test_a_task_is_made_done_and_deleted(attio: Attio, receiver: Receiver, parent: dict[str, str]) -> None:
    """When it was done is noted; what is written again is no change."""
    linked = [{"target_object": "people", "target_record_id": parent["parent_record_id"]}]
    empty: dict[str, Any] = {"deadline_at": None, "is_completed": False, "assignees": [], "format": "plaintext"}
    task = attio.ok("POST", "/v2/tasks", {"data": {**empty, "content": "Call her", "linked_records": linked}})
    path = f"/v2/tasks/{task['id']['task_id']}"

    done = attio.ok("PATCH", path, {"data": {"is_completed": True}})
    attio.ok("PATCH", path, {"data": {"is_completed": True}})

    assert done["completed_at"]
    assert done["linked_records"][0]["target_record_id"] == parent["parent_record_id"]
    assert attio.ok("GET", "/v2/tasks") == [attio.ok("GET", path)]
    attio.send("DELETE", path)
    assert sent_events(receiver) == [(f"task.{what}", task["id"]) for what in ("created", "updated", "deleted")]


@pytest.fixture
def member(attio: Attio) -> Any:
    """Return the first member of the workspace."""
    return attio.ok("GET", "/v2/workspace_members")[0]


TASK: dict[str, Any] = {
    "content": "Call her", "format": "plaintext", "deadline_at": None, "is_completed": False, "linked_records": [],
    "assignees": [],
}  # fmt: skip
ROBIN = {"workspace_member_email_address": "robin@example.com"}
ADA = {"target_object": "people", "email_addresses": [{"email_address": "ada@example.com"}]}


def test_a_task_names_members_and_records_by_address(attio: Attio, member: Any, parent: dict[str, str]) -> None:
    """By id too; the task shows ids, whatever named them."""
    data = TASK | {"assignees": [ROBIN], "linked_records": [ADA], "deadline_at": "2026-05-01"}
    task = attio.ok("POST", "/v2/tasks", {"data": data})

    member_id = member["id"]["workspace_member_id"]
    by_id = {"referenced_actor_type": "workspace-member", "referenced_actor_id": member_id}
    assert task["assignees"] == [by_id]
    assert task["linked_records"][0]["target_record_id"] == parent["parent_record_id"]
    assert task["deadline_at"] == "2026-05-01T00:00:00.000000000Z"
    changed = attio.ok("PATCH", f"/v2/tasks/{task['id']['task_id']}", {"data": {"assignees": [by_id]}})
    assert changed["assignees"] == [by_id]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"assignees": [{"workspace_member_email_address": "nobody@example.com"}]}, 404),
        ({"assignees": [{"referenced_actor_type": "workspace-member", "referenced_actor_id": "x"}]}, 404),
        ({"linked_records": [{"target_object": "people", "target_record_id": "x"}]}, 404),
        ({"linked_records": [ADA | {"email_addresses": ["nobody@example.com"]}]}, 404),
        ({"linked_records": [{"target_object": "nope", "target_record_id": "x"}]}, 404),
        ({"linked_records": [{"target_object": "people", "job_title": ["x"]}]}, 404),
        ({"linked_records": [{"target_object": "people", "primary_location": ["x"]}]}, 400),
        ({"assignees": [{"referenced_actor_type": "app", "referenced_actor_id": "x"}]}, 400),
        ({"deadline_at": "soon"}, 400),
        ({"content": "x" * 2001}, 400),
    ],
)
def test_a_task_for_what_does_not_exist_is_refused(attio: Attio, wrong: dict[str, Any], status: int) -> None:
    """404 `not_found` for a member or a record that is not there, 400 `validation_type` for the wrong shape."""
    error = attio.refused("POST", "/v2/tasks", {"data": TASK | wrong})
    assert (error["status_code"], error["code"]) == (status, "not_found" if status == 404 else "validation_type")


def test_tasks_are_found_by_record_member_and_state(attio: Attio, parent: dict[str, str]) -> None:
    """The query parameters of Attio; `sort` names a time and a direction."""
    attio.ok("POST", "/v2/tasks", {"data": TASK | {"assignees": [ROBIN], "linked_records": [ADA]}})
    attio.clock.advance(1)
    attio.ok("POST", "/v2/tasks", {"data": TASK | {"content": "Write", "is_completed": True}})

    def found(query: str) -> list[str]:
        return [task["content_plaintext"] for task in attio.ok("GET", f"/v2/tasks?{query}")]

    assert found("") == ["Call her", "Write"]
    assert found("sort=created_at:desc") == ["Write", "Call her"]
    assert found("assignee=robin@example.com") == found("is_completed=false") == ["Call her"]
    assert found("assignee=") == found("assignee=null") == found("is_completed=true") == ["Write"]
    record_id = parent["parent_record_id"]
    assert found(f"linked_object=people&linked_record_id={record_id}") == ["Call her"]
    assert found(f"linked_object=companies&linked_record_id={record_id}") == found("assignee=imani@example.com") == []


@pytest.mark.parametrize(
    "query", ["sort=title:asc", "sort=created_at", "linked_object=people", "linked_record_id=x", "is_completed=maybe"]
)
def test_tasks_are_asked_for_in_attios_words(attio: Attio, query: str) -> None:
    """`validation_type` for others; a linked record is named by its object and its id."""
    assert attio.refused("GET", f"/v2/tasks?{query}")["code"] == "validation_type"


def test_what_is_not_there_is_refused(attio: Attio) -> None:
    """404 for a parent or a list that is not there, 409 for a slug that is taken."""
    note = {"title": "", "format": "plaintext", "content": "", "parent_object": "people", "parent_record_id": "x"}
    new = {"name": "Pipeline", "api_slug": "pipeline", "parent_object": "people"}
    new |= {"workspace_access": "full-access", "workspace_member_access": []}
    attio.ok("POST", "/v2/lists", {"data": new})

    assert attio.refused("POST", "/v2/notes", {"data": note})["code"] == "not_found"
    assert attio.refused("GET", "/v2/notes?parent_object=people&parent_record_id=x")["code"] == "not_found"
    assert attio.refused("POST", "/v2/lists", {"data": new})["code"] == "slug_conflict"
    assert attio.refused("GET", "/v2/lists/none")["code"] == "not_found"


def test_notes_are_found_by_their_parent(attio: Attio, parent: dict[str, str]) -> None:
    """By object, or by object and record."""
    attio.ok("POST", "/v2/notes", {"data": {**parent, "title": "", "format": "plaintext", "content": ""}})
    assert len(attio.ok("GET", "/v2/notes?parent_object=people")) == 1
    assert attio.ok("GET", "/v2/notes?parent_object=companies") == []


def test_what_lies_beside_a_record_goes_with_it(attio: Attio, parent: dict[str, str]) -> None:
    """A deletion leaves nothing that points nowhere."""
    attio.ok("POST", "/v2/notes", {"data": {**parent, "title": "", "format": "plaintext", "content": ""}})

    attio.send("DELETE", attio.path())

    assert attio.ok("GET", "/v2/notes") == []


def test_a_merge_keeps_what_lies_beside_both_records(attio: Attio, parent: dict[str, str]) -> None:
    """Notes, tasks and list entries are those of the new record."""
    other = attio.person(1)["id"]["record_id"]
    attio.ok("POST", "/v2/notes", {"data": {**parent, "title": "", "format": "plaintext", "content": ""}})
    linked = [ADA, {"target_object": "people", "target_record_id": other}]
    attio.ok("POST", "/v2/tasks", {"data": TASK | {"linked_records": linked}})
    sales = {"name": "Sales", "api_slug": "sales", "parent_object": "people"}
    attio.ok("POST", "/v2/lists", {"data": sales | {"workspace_access": None, "workspace_member_access": []}})
    second = {"parent_object": "people", "parent_record_id": other, "entry_values": {}}
    attio.ok("POST", "/v2/lists/sales/entries", {"data": second})

    pair = {"primary_record_id": parent["parent_record_id"], "secondary_record_id": other}
    merged = attio.ok("POST", "/v2/objects/people/records/merge", {"data": pair})["new_record_id"]

    assert [note["parent_record_id"] for note in attio.ok("GET", "/v2/notes")] == [merged]
    assert [one["target_record_id"] for one in attio.ok("GET", "/v2/tasks")[0]["linked_records"]] == [merged]
    assert [one["parent_record_id"] for one in attio.ok("POST", "/v2/lists/sales/entries/query")] == [merged]


def test_a_deleted_record_is_no_longer_linked_to_tasks(attio: Attio) -> None:
    """The task stays."""
    attio.ok("POST", "/v2/tasks", {"data": TASK | {"linked_records": [ADA]}})
    attio.send("DELETE", attio.path())
    assert [task["linked_records"] for task in attio.ok("GET", "/v2/tasks")] == [[]]


def test_a_note_can_be_older_than_its_creation(attio: Attio, parent: dict[str, str]) -> None:
    """`created_at` of the body, for notes that come from elsewhere."""
    data = {**parent, "title": "", "format": "plaintext", "content": "", "created_at": "2023-01-01T15:00:00Z"}
    assert attio.ok("POST", "/v2/notes", {"data": data})["created_at"] == "2023-01-01T15:00:00.000000000Z"
    assert attio.refused("POST", "/v2/notes", {"data": data | {"created_at": "then"}})["code"] == "validation_type"
