"""People: the table, a search as JSON, the record page, and a record's activity as JSON."""

from collections.abc import Sequence
from dataclasses import replace
from string import ascii_uppercase
from typing import Any, Final, TypeVar, cast, get_args
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from alc_app.attio import BulkRecordAction, RecordAction

from .explanations import Explanation
from .view_models import OTHER, Change, PeopleQuery, PeopleSort, Person
from .workspace import Workspace

Action = TypeVar("Action", RecordAction, BulkRecordAction)
SUGGESTIONS: Final = 8
"""People in a list to choose from, as somebody types."""
LAST_PAGE: Final = 9_999  # keeps the offset within the range of any database
LONGEST_SEARCH: Final = 200


def add_people_pages(pages: Blueprint, workspace: Workspace) -> None:
    """Add `/`, `/people`, a person's record page, its activity, its tasks, and why it has its status."""

    @pages.get("/")
    def home() -> Response:
        return redirect(url_for("pages.people"))

    @pages.get("/people")
    def people() -> str:
        # Read first, so that a change made while the page is rendered still reaches it as an event.
        events_after = workspace.last_event_id()
        query = people_query()
        page = workspace.people(query)
        return render_template(
            "people.html",
            query=query,
            rows=page.rows,
            is_cut=page.is_cut,
            first=(query.page - 1) * query.page_size + 1,
            bulk_actions=workspace.bulk_record_actions("people"),
            offered=offered(workspace.bulk_record_actions("people"), workspace),
            has_next=page.has_next,
            events_after=events_after,
        )

    @pages.get("/people.json")
    def search() -> dict[str, Any]:
        page = workspace.people(PeopleQuery(search=searched(), page_size=SUGGESTIONS))
        return {"people": [suggestion(person) for person in page.rows], "more": page.has_next}

    @pages.get("/people/<uuid:record_id>")
    def person(record_id: UUID) -> str:
        events_after = workspace.last_event_id()
        shown = found(workspace.person(str(record_id)))
        return render_template(
            "person.html",
            person=shown,
            explanation=explained(shown, workspace),
            activity=workspace.activity(str(record_id)),
            tasks=workspace.tasks(str(record_id)),
            offered=offered(workspace.record_actions("people"), workspace),
            actions=workspace.record_actions("people"),
            widgets=workspace.record_widgets("people"),
            events_after=events_after,
        )

    @pages.get("/people/<uuid:record_id>/activity.json")
    def activity(record_id: UUID) -> dict[str, Any]:
        found(workspace.person(str(record_id)))
        return {"changes": [as_json(change) for change in workspace.activity(str(record_id))]}

    @pages.get("/people/<uuid:record_id>/tasks.json")
    def tasks(record_id: UUID) -> dict[str, Any]:
        return {"tasks": [task.as_json() for task in workspace.tasks(str(record_id))]}

    @pages.get("/people/<uuid:record_id>/why.json")
    def why(record_id: UUID) -> dict[str, Any]:
        return explained(found(workspace.person(str(record_id))), workspace).as_json()


def people_query() -> PeopleQuery:
    """Read search, letter, sort and page from the address; invalid values fall back to the default."""
    sort, letter = request.args.get("sort", "name"), request.args.get("letter", "")
    page = request.args.get("page", 1, type=int)
    return PeopleQuery(
        search=searched(),
        letter=letter if letter in (*ascii_uppercase, OTHER) else "",
        sort=cast(PeopleSort, sort if sort in get_args(PeopleSort) else "name"),
        descending=request.args.get("order") == "desc",
        page=min(max(page, 1), LAST_PAGE),
    )


def searched() -> str:
    """Return what the address searches for."""
    return request.args.get("q", "").strip()[:LONGEST_SEARCH]


def suggestion(person: Person) -> dict[str, str]:
    """Return a person as JSON, for a list to choose from."""
    about = [person.company, next(iter(person.email_addresses), None)]
    return {
        "record_id": person.record_id,
        "name": person.display_name,
        "about": " · ".join(known for known in about if known and known != person.display_name),
    }


def offered(actions: Sequence[Action], workspace: Workspace) -> Action | None:
    """Return the action that asked for a connection, and can be run now that there is one (`?offer=`)."""
    asked = request.args.get("offer", "")
    found = next((action for action in actions if action.id == asked), None)
    return found if found and workspace.connection_status() == "active" else None


def found(person: Person | None) -> Person:
    """Return the person, or abort with 404."""
    if person is None:
        abort(404, "There is no such person. They may have been deleted in the CRM.")
    return person


def explained(person: Person, workspace: Workspace) -> Explanation:
    """Return why this person has this status, with a link only to a page that the reader may open."""
    why = workspace.explanation(person)
    return why if why.href and workspace.may(f"GET {why.href}") else replace(why, label="", href="")


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
