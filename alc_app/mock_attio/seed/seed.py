"""Fill an empty database at the start, and reset a used one (`/_mock/reset`)."""

import logging
from typing import Any

from sqlalchemy import Table
from sqlmodel import Session, delete, select

from alc_app.mock_attio.seed import schema as seed_schema
from alc_app.mock_attio.seed.people import COMPANIES, PEOPLE, SeedCompany, SeedPerson
from alc_app.mock_attio.seed.schema import SEEDED_AT, stable_id
from alc_app.mock_attio.store.events import Actor
from alc_app.mock_attio.store.records import Editor
from alc_app.mock_attio.store.schema_lookup import load_schema
from alc_app.mock_attio.store.tables import Attribute, CrmObject, Row, Workspace, WorkspaceMember
from alc_app.mock_attio.values.write import parse_values

logger = logging.getLogger(__name__)
_filled: dict[tuple[str, bool], list[tuple[Table, list[dict[str, Any]]]]] = {}
"""The rows of each table after a first start, by status type and `demo`: to insert them is ten times as quick."""


def seed_if_empty(session: Session, status_type: str, *, demo: bool = True) -> None:
    """Fill a new database. Do not change a used one, but log a warning if its `alc_status` has another type."""
    if session.exec(select(Workspace)).first() is None:
        _fill(session, status_type, demo=demo)
        return
    statement = select(Attribute.type).where(
        Attribute.api_slug == "alc_status", Attribute.object_id == stable_id("people")
    )
    kept = session.exec(statement).first()
    if kept not in (None, status_type):
        logger.warning(
            'alc_status is of type "%s" in this database, but "%s" is configured. Reset the stand-in to change it.',
            kept,
            status_type,
        )


def reset(session: Session, status_type: str, *, demo: bool = True) -> None:
    """Delete everything and fill the database again, with the same ids."""
    for table in reversed(Row.metadata.sorted_tables):
        session.execute(delete(table))
    _fill(session, status_type, demo=demo)


def add_demo(session: Session, status_type: str) -> bool:
    """Add the three attributes that the app writes, the companies and the people; return False if they are there."""
    people, companies = (session.get_one(CrmObject, stable_id(slug)) for slug in ("people", "companies"))
    attributes = seed_schema.demo_attributes(people, status_type)
    if session.get(Attribute, attributes[0].attribute_id) is not None:
        return False
    session.add_all(attributes)
    session.flush()
    categories = sorted({company.category for company in COMPANIES})
    session.add_all(seed_schema.demo_choices(people, companies, status_type, categories))
    session.flush()
    _add_records(session, "companies", [(f"companies/{c.slug}", _company_values(c)) for c in COMPANIES])
    _add_records(session, "people", [(f"people/{p.emails[0]}", _person_values(p)) for p in PEOPLE])
    return True


def _fill(session: Session, status_type: str, *, demo: bool) -> None:
    """Fill an empty database. On SQLite, insert what the first of its kind was filled with in this process.

    On Postgres, rows that bring their numbers would not advance the sequence that numbers the next ones.
    """
    if session.get_bind().dialect.name != "sqlite":
        _make(session, status_type, demo=demo)
    elif (status_type, demo) in _filled:
        for table, rows in _filled[status_type, demo]:
            session.execute(table.insert(), rows)
    else:
        _make(session, status_type, demo=demo)
        _filled[status_type, demo] = _rows(session)


def _rows(session: Session) -> list[tuple[Table, list[dict[str, Any]]]]:
    """Return the rows of each table that has any, in an order in which they can be inserted."""
    session.flush()
    found = [(table, session.execute(table.select()).mappings().all()) for table in Row.metadata.sorted_tables]
    return [(table, [dict(row) for row in rows]) for table, rows in found if rows]


def _make(session: Session, status_type: str, *, demo: bool) -> None:
    workspace_id = stable_id("workspace")
    session.add(Workspace(workspace_id=workspace_id, name="Halden", slug="halden", created_at=SEEDED_AT))
    session.add_all(_members())
    people, companies = objects = seed_schema.standard_objects()
    session.add_all(objects)
    session.flush()
    for crm_object in objects:
        session.add_all(seed_schema.system_attributes(crm_object))
    session.add_all(seed_schema.people_attributes(people, companies))
    session.add_all(seed_schema.company_attributes(companies))
    session.flush()
    session.add_all(seed_schema.company_choices(companies))
    session.flush()
    if demo:
        add_demo(session, status_type)


def _members() -> list[WorkspaceMember]:
    names = (("Robin", "Marsh", "admin"), ("Imani", "Castellanos", "member"))
    return [
        WorkspaceMember(
            workspace_member_id=stable_id(f"members/{first}"),
            first_name=first,
            last_name=last,
            email_address=f"{first.lower()}@example.com",
            access_level=level,
            created_at=SEEDED_AT.replace("09:00:00", f"08:0{position}:00"),
        )
        for position, (first, last, level) in enumerate(names)
    ]


def _add_records(session: Session, object_slug: str, records: list[tuple[str, dict[str, Any]]]) -> None:
    """Create records one minute apart, in the order of the list, with the first member as their actor."""
    schema = load_schema(session, object_slug)
    actor = Actor("workspace-member", stable_id("members/Robin"))
    for minute, (name, values) in enumerate(records):
        editor = Editor(schema, actor, SEEDED_AT.replace("09:00:00", f"09:{minute:02}:00"))
        editor.create(parse_values(schema, values), record_id=stable_id(name))


def _company_values(company: SeedCompany) -> dict[str, Any]:
    return {
        "name": company.name,
        "domains": [f"{company.slug}.example.com"],
        "description": company.description,
        "categories": [company.category],
        "employee_range": company.employees,
        "primary_location": company.location,
    }


def _person_values(person: SeedPerson) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": person.name,
        "email_addresses": person.emails,
        "phone_numbers": person.phones,
        "job_title": person.job_title,
        "primary_location": person.location,
    }
    if person.company is not None:
        target = {"target_object": "companies", "target_record_id": stable_id(f"companies/{person.company}")}
        values["company"] = target
    return {slug: value for slug, value in values.items() if value}
