"""People as the pages show them, from Attio's records (docs.attio.com/docs/standard-objects)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import col, select

from alc_app.attio.host.context import current
from alc_app.clients.attio_people import PersonRecord, get_people, value_history
from alc_app.leads.models import Lead, in_this_workspace
from alc_app.pages import Change, CrmUnavailable, Person
from alc_app.pages.filters import utc, words
from alc_app.runtime.services import Services
from alc_app.web.crm_reading import reading

SHOWN_HISTORY = {"alc_status": "ALC status", "alc_lead_id": "ALC lead ID", "alc_interest": "ALC interest"}
ACTORS = {"workspace-member": "A member", "system": "Attio"}
US = "Acme Lead Checker"


def sorted_by(sort: str, descending: bool) -> list[dict[str, str]]:
    """Return the part of a query that sorts; companies are sorted by their names."""
    direction = "desc" if descending else "asc"
    if sort == "company":
        return [{"direction": direction, "path": [["people", "company"], ["companies", "name"]]}]  # type: ignore[dict-item]  # Attio's path form
    by = {"name": {"attribute": "name", "field": "full_name"}}
    return [{"direction": direction, **by.get(sort, {"attribute": sort})}]


def company_ids(records: Sequence[PersonRecord]) -> set[str]:
    """Return the ids of the companies that these people belong to."""
    return {company_id for record in records for company_id in record.company_ids}


def to_person(record: PersonRecord, companies: Mapping[str, str], *, linked: bool) -> Person:
    """Convert a record; with `linked`, keep the URL of its page in Attio. `companies` are names by record id."""
    return Person(
        record_id=record.record_id,
        name=record.name,
        email_addresses=record.email_addresses,
        phone_numbers=record.phone_numbers,
        job_title=record.job_title,
        company=companies.get(next(iter(record.company_ids), "")),
        location=record.location,
        alc_status=record.alc_status,
        alc_lead_id=record.alc_lead_id,
        alc_interest=record.alc_interest,
        created_at=record.created_at,
        web_url=record.web_url if linked else None,
    )


def names_of(services: Services, record_ids: Collection[str]) -> dict[str, str]:
    """Return the names of people by record id; empty while the CRM cannot be read."""
    try:
        with reading(services):
            return {person.record_id: person.name for person in get_people(record_ids) if person.name}
    except CrmUnavailable:
        return {}


def sends(record_id: str, services: Services) -> list[Change]:
    """Return who has sent a record, and when."""
    by_users = (in_this_workspace(), col(Lead.record_id) == record_id, col(Lead.sent_by).is_not(None))
    with current().reading() as session:
        found = session.exec(select(Lead.created_at, Lead.sent_by).where(*by_users)).all()
    names = services.people.names({user_id for _, user_id in found})
    return [
        Change(utc(at), "ALC status", "Sent", names.get(user_id, "Someone"), did="sent this person to ALC")
        for at, user_id in found
    ]


def history(record_id: str) -> list[Change]:
    """Return the value history of a record's ALC attributes, newest first. Raises: AttioApiError."""
    changes = [
        Change(past.active_from, title, _shown(slug, past.text), ACTORS.get(past.actor_type, US))
        for slug, title in SHOWN_HISTORY.items()
        for past in value_history(record_id, slug)
        if past.text
    ]
    return sorted(changes, key=lambda change: change.at, reverse=True)


def _shown(slug: str, value: str) -> str:
    return words(value) if slug == "alc_interest" else value
