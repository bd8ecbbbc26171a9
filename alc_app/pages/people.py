"""People: the table, the record page, and a record's activity as JSON."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar, cast, get_args
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from alc_app.attio import BulkRecordAction, RecordAction

from .view_models import Change, PeopleSort, Person
from .workspace import Workspace

Action = TypeVar("Action", RecordAction, BulkRecordAction)
PAGE_SIZE: Final = 50
LAST_PAGE: Final = 9_999  # keeps the offset within the range of any database
LONGEST_SEARCH: Final = 200


def add_people_pages(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/`, `/people`, a person's record page and its activity."""

    @pages.get("/")
    def home() -> Response:
        return redirect(url_for("pages.people"))

    @pages.get("/people")
    def people() -> str:
        # Read first, so that a change made while the page is rendered still reaches it as an event.
        events_after = workspace.last_event_id()
        query = people_query()
        page = workspace.people(**query, page_size=PAGE_SIZE)
        return render_template(
            "people.html",
            **query,
            rows=page.rows,
            first=(query["page"] - 1) * PAGE_SIZE + 1,
            bulk_actions=workspace.bulk_record_actions("people"),
            offered=offered(workspace.bulk_record_actions("people"), workspace),
            has_next=page.has_next,
            events_after=events_after,
        )

    @pages.get("/people/<uuid:record_id>")
    def person(record_id: UUID) -> str:
        events_after = workspace.last_event_id()
        return render_template(
            "person.html",
            person=found(workspace.person(str(record_id))),
            activity=workspace.activity(str(record_id)),
            offered=offered(workspace.record_actions("people"), workspace),
            actions=workspace.record_actions("people"),
            widgets=workspace.record_widgets("people"),
            events_after=events_after,
        )

    @pages.get("/people/<uuid:record_id>/activity.json")
    def activity(record_id: UUID) -> dict[str, Any]:
        found(workspace.person(str(record_id)))
        return {"changes": [as_json(change) for change in workspace.activity(str(record_id))]}


def people_query() -> dict[str, Any]:
    """Read search, sort and page from the address; invalid values fall back to the default."""
    sort = request.args.get("sort", "name")
    page = request.args.get("page", 1, type=int)
    return {
        "search": request.args.get("q", "").strip()[:LONGEST_SEARCH],
        "sort": cast(PeopleSort, sort if sort in get_args(PeopleSort) else "name"),
        "descending": request.args.get("order") == "desc",
        "page": min(max(page, 1), LAST_PAGE),
    }


def offered(actions: Sequence[Action], workspace: Workspace) -> Action | None:
    """Return the action that asked for a connection, and can be run now that there is one (`?offer=`)."""
    asked = request.args.get("offer", "")
    found = next((action for action in actions if action.id == asked), None)
    return found if found and workspace.connection_status() == "active" else None


def found(person: Person | None) -> Person:
    """Return the person, or abort with 404."""
    if person is None:
        abort(404, "There is no person with this address: it may have been deleted in the CRM.")
    return person


def as_json(change: Change) -> dict[str, Any]:
    """Return a change as JSON for the page's script."""
    return {
        "at": change.at.isoformat(),
        "attribute": change.attribute,
        "value": change.value,
        "actor": change.actor,
        "did": change.did,
        "is_status": change.is_status,
    }
