"""People and companies in Attio: the only file that reads the JSON of their records.

Attio returns every attribute as a list of values, and leaves out what a record does not have
(docs.attio.com/docs/standard-objects and docs.attio.com/docs/attribute-types).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alc_app.clients import attio_api
from alc_app.clients.attio_api import text_of

MOST_HITS = 25
"""Of one search, in Attio (docs.attio.com/rest-api/endpoint-reference/records/search-records)."""
LONGEST_SEARCH = 256
"""Characters that Attio takes."""
Json = Mapping[str, Any]
LARGEST_PAGE = 500
"""People of one query: the page that Attio gives by default (docs.attio.com/rest-api/guides/pagination)."""


@dataclass(frozen=True)
class PersonRecord:
    """A person, read from the JSON of the record. Attributes that the record does not have are None or empty."""

    json: Json = field(repr=False)

    @property
    def record_id(self) -> str:
        """Return the record's id."""
        return str(self.json["id"]["record_id"])

    @property
    def name(self) -> str | None:
        """Return the full name."""
        return self._first("name").get("full_name") or None

    @property
    def email_addresses(self) -> list[str]:
        """Return the email addresses, in the order of the record."""
        return [value["email_address"] for value in self._values("email_addresses")]

    @property
    def phone_numbers(self) -> list[str]:
        """Return the phone numbers in international form, in the order of the record."""
        return [phone_of(value) for value in self._values("phone_numbers")]

    @property
    def job_title(self) -> str | None:
        """Return the job title."""
        return self._first("job_title").get("value") or None

    @property
    def company_ids(self) -> list[str]:
        """Return the record ids of the companies that the person belongs to."""
        return [value["target_record_id"] for value in self._values("company")]

    @property
    def location(self) -> str | None:
        """Return locality, region and country code, as far as they are known."""
        place = self._first("primary_location")
        return ", ".join(place[key] for key in ("locality", "region", "country_code") if place.get(key)) or None

    @property
    def alc_lead_id(self) -> str | None:
        """Return what the record says is ALC's id of its lead. A user may have typed anything here."""
        return self.text("alc_lead_id")

    @property
    def alc_status(self) -> str | None:
        """Return the status of the lead, such as "Pending"."""
        return self.text("alc_status")

    @property
    def alc_status_since(self) -> str | None:
        """Return when the record got its present status, as Attio writes the time."""
        return self._first("alc_status").get("active_from")

    @property
    def alc_interest(self) -> str | None:
        """Return ALC's verdict on the interest of the person, such as "interested"."""
        return self.text("alc_interest")

    @property
    def created_at(self) -> datetime:
        """Return when the record was created."""
        return parse_time(self.json["created_at"])

    @property
    def web_url(self) -> str | None:
        """Return the address of the record's page in Attio, if Attio gives one."""
        return self.json.get("web_url")

    def text(self, slug: str) -> str | None:
        """Return the first value of a text, select or status attribute."""
        return text_of(self._values(slug))

    def _values(self, slug: str) -> Sequence[Json]:
        return self.json["values"].get(slug) or []

    def _first(self, slug: str) -> Json:
        return next(iter(self._values(slug)), {})


@dataclass(frozen=True)
class PastValue:
    """A value that an attribute of a record has or once had."""

    json: Json = field(repr=False)

    @property
    def text(self) -> str | None:
        """Return the value of a text, select or status attribute; None if it was cleared."""
        return text_of([self.json])

    @property
    def active_from(self) -> datetime:
        """Return when the attribute got this value."""
        return parse_time(self.json["active_from"])

    @property
    def actor_type(self) -> str:
        """Return who set it: "workspace-member", "api-token", "app" or "system"; empty if Attio does not say."""
        return (self.json.get("created_by_actor") or {}).get("type") or ""


@dataclass(frozen=True)
class PersonHit:
    """A person that Attio's search has found: the id, and the name, email addresses and phone numbers as one text."""

    record_id: str
    text: str


def get_person(record_id: str) -> PersonRecord | None:
    """Return a person, or None if there is none with this id. Raises: AttioApiError."""
    record = attio_api.get_record("people", record_id)
    return None if record is None else PersonRecord(record)


def query_people(**query: Any) -> list[PersonRecord]:
    """Return the people that match `filter`, `sorts`, `limit` and `offset`. Raises: AttioApiError."""
    return [PersonRecord(record) for record in attio_api.query_records("people", **query)]


def search_people(text: str) -> list[PersonHit]:
    """Return up to `MOST_HITS` people whose name, addresses or numbers are like `text`. Raises: AttioApiError."""
    hits = attio_api.search_records("people", text[:LONGEST_SEARCH], limit=MOST_HITS)
    return [PersonHit(hit["id"]["record_id"], " ".join(_texts_of(hit))) for hit in hits]


def _texts_of(hit: Json) -> list[str]:
    return [hit.get("record_text") or "", *(hit.get("email_addresses") or []), *(hit.get("phone_numbers") or [])]


def query_all_people(**query: Any) -> Iterator[PersonRecord]:
    """Yield every person that matches `filter`, page by page. Raises: AttioApiError."""
    offset = 0
    while page := query_people(**query, limit=LARGEST_PAGE, offset=offset):
        yield from page
        if len(page) < LARGEST_PAGE:
            return
        offset += LARGEST_PAGE


def get_people(record_ids: Collection[str]) -> list[PersonRecord]:
    """Return those of the people that exist, in any order. Raises: AttioApiError."""
    ids = sorted(record_ids)
    return query_people(filter={"record_id": {"$in": ids}}, limit=len(ids)) if ids else []


def company_names(record_ids: Collection[str]) -> dict[str, str]:
    """Return the names of companies by their record ids; companies without a name are left out."""
    ids = sorted(record_ids)
    if not ids:
        return {}
    companies = attio_api.query_records("companies", filter={"record_id": {"$in": ids}}, limit=len(ids))
    names = {company["id"]["record_id"]: company["values"].get("name") for company in companies}
    return {record_id: name[0]["value"] for record_id, name in names.items() if name}


def value_history(record_id: str, attribute: str) -> list[PastValue]:
    """Return every value that an attribute of a person has had, oldest first. Raises: AttioApiError."""
    return [PastValue(value) for value in attio_api.value_history("people", record_id, attribute)]


def phone_of(value: Json) -> str:
    """Return a phone number in international form. Attio's prose and its OpenAPI name the key differently."""
    return str(value.get("phone_number") or value.get("normalized_phone_number") or value["original_phone_number"])


def parse_time(text: str) -> datetime:
    """Read a time in UTC as Attio writes it: up to nine fractional digits, of which Python keeps six."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")
