"""Notes, tasks, lists and their entries: Attio's shapes, and a webhook event for each change."""

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
        "task.deleted", "list.created", "list.updated", "list-entry.created", "list-entry.deleted",
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


def test_a_record_is_put_into_a_list_and_taken_out(attio: Attio, receiver: Receiver, parent: dict[str, str]) -> None:
    """By the list's slug or id; the record's entries name its lists."""
    new = {"name": "Pipeline", "api_slug": "sales_pipeline", "parent_object": "people"}
    made = attio.ok("POST", "/v2/lists", {"data": new})
    attio.ok("PATCH", "/v2/lists/sales_pipeline", {"data": {"name": "Sales"}})
    entry = attio.ok("POST", "/v2/lists/sales_pipeline/entries", {"data": {**parent, "entry_values": {}}})
    path = f"/v2/lists/{made['id']['list_id']}/entries/{entry['id']['entry_id']}"

    assert attio.ok("GET", path) == entry
    assert attio.ok("POST", "/v2/lists/sales_pipeline/entries/query") == [entry]
    [place] = attio.ok("GET", f"{attio.path()}/entries")
    assert (place["list_api_slug"], place["entry_id"]) == ("sales_pipeline", entry["id"]["entry_id"])
    assert [one["name"] for one in attio.ok("GET", "/v2/lists")] == ["Sales"]

    attio.send("DELETE", path)
    assert sent_events(receiver) == [
        ("list.created", made["id"]),
        ("list.updated", made["id"]),
        ("list-entry.created", entry["id"]),
        ("list-entry.deleted", entry["id"]),
    ]


def test_what_is_not_there_is_refused(attio: Attio, parent: dict[str, str]) -> None:
    """400 for a parent that no record is, 404 for a list, 409 for a slug that is taken."""
    note = {"title": "", "format": "plaintext", "content": "", "parent_object": "people", "parent_record_id": "x"}
    new = {"name": "Pipeline", "api_slug": "pipeline", "parent_object": "people"}
    attio.ok("POST", "/v2/lists", {"data": new})

    assert attio.refused("POST", "/v2/notes", {"data": note})["code"] == "value_not_found"
    assert attio.refused("POST", "/v2/lists", {"data": new})["code"] == "slug_conflict"
    entry = {**parent, "entry_values": {"stage": "Won"}}
    assert attio.refused("POST", "/v2/lists/pipeline/entries", {"data": entry})["code"] == "value_not_found"
    assert attio.refused("GET", "/v2/lists/none")["code"] == "not_found"


def test_what_lies_beside_a_record_goes_with_it(attio: Attio, parent: dict[str, str]) -> None:
    """A deletion leaves nothing that points nowhere."""
    attio.ok("POST", "/v2/notes", {"data": {**parent, "title": "", "format": "plaintext", "content": ""}})

    attio.send("DELETE", attio.path())

    assert attio.ok("GET", "/v2/notes") == []
