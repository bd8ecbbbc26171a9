"""People as the pages show them, from Attio's records (docs.attio.com/docs/standard-objects)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alc_app.clients import attio_api
from alc_app.clients.attio_api import phone_of, text_of
from alc_app.pages import Change, Person

SHOWN_HISTORY = {"alc_status": "ALC status", "alc_lead_id": "ALC lead ID", "alc_interest": "ALC interest"}


def find_people(search: str) -> dict[str, Any]:
    """Return the part of a query that finds people by name, email address or phone number."""
    if not search:
        return {}
    fields = ("name", "email_addresses", "phone_numbers")
    return {"filter": {"$or": [{field: {"$contains": search}} for field in fields]}}


def sorted_by(sort: str, descending: bool) -> list[dict[str, str]]:
    """Return the part of a query that sorts; companies are sorted by their names."""
    direction = "desc" if descending else "asc"
    if sort == "company":
        return [{"direction": direction, "path": [["people", "company"], ["companies", "name"]]}]  # type: ignore[dict-item]  # Attio's path form
    by = {"name": {"attribute": "name", "field": "full_name"}}
    return [{"direction": direction, **by.get(sort, {"attribute": sort})}]


def company_ids(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of the companies that these people belong to."""
    references = [value for record in records for value in record["values"].get("company", [])]
    return sorted({reference["target_record_id"] for reference in references})


def to_person(record: Mapping[str, Any], companies: Mapping[str, str], *, linked: bool) -> Person:
    """Convert a record; with `linked`, keep the URL of its page in Attio. Values of an unexpected type are left out."""
    values = record["values"]
    company = next((value["target_record_id"] for value in values.get("company", [])), "")
    return Person(
        record_id=record["id"]["record_id"],
        name=_first(values, "name", "full_name"),
        email_addresses=[value["email_address"] for value in values.get("email_addresses", [])],
        phone_numbers=[phone_of(value) for value in values.get("phone_numbers", [])],
        job_title=_first(values, "job_title", "value"),
        company=companies.get(company),
        location=_location(values.get("primary_location", [])),
        alc_status=text_of(values.get("alc_status", [])),
        alc_lead_id=text_of(values.get("alc_lead_id", [])),
        alc_interest=text_of(values.get("alc_interest", [])),
        created_at=_time(record["created_at"]),
        web_url=record.get("web_url") if linked else None,
    )


def history(record_id: str) -> list[Change]:
    """Return the value history of a record's ALC attributes, newest first. Raises: AttioApiError."""
    changes = [
        Change(at=_time(value["active_from"]), attribute=title, value=shown, actor=_actor(value))
        for slug, title in SHOWN_HISTORY.items()
        for value in attio_api.value_history("people", record_id, slug)
        if (shown := text_of([value]))
    ]
    return sorted(changes, key=lambda change: change.at, reverse=True)


def _first(values: Mapping[str, Any], slug: str, key: str) -> str | None:
    found = values.get(slug) or [{}]
    return found[0].get(key) or None


def _location(values: Sequence[Mapping[str, Any]]) -> str | None:
    parts = [values[0].get(key) for key in ("locality", "region", "country_code")] if values else []
    return ", ".join(part for part in parts if part) or None


def _actor(value: Mapping[str, Any]) -> str:
    kind = (value.get("created_by_actor") or {}).get("type")
    return {"workspace-member": "A member", "system": "Attio"}.get(kind or "", "Acme Lead Checker")


def _time(text: str) -> datetime:
    """Parse a time of Attio, which has nine fractional digits; Python reads six."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")
