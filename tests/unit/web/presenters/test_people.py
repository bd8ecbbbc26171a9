"""Attio's records as a page shows them: every attribute may be missing, and a company is an id."""

from datetime import UTC, datetime
from typing import Any

from alc_app.clients.attio_people import PersonRecord
from alc_app.web.presenters.people import company_ids, history, sorted_by, to_person
from tests.support.fakes.runtime import Outside, says

EMPTY: dict[str, Any] = {
    "id": {"record_id": "r1"},
    "values": {},
    "created_at": "2026-11-20T12:00:00.123456789Z",
}


def person(**values: Any) -> Any:
    """A record with these values, as a page shows it."""
    return to_person(PersonRecord({**EMPTY, "values": values}), {"c1": "Analytical Engines"}, linked=True)


def test_a_record_with_nothing_in_it_is_shown_empty() -> None:
    """Attio leaves out what a record does not have."""
    shown = person()

    assert (shown.name, shown.company, shown.location, shown.alc_status) == (None, None, None, None)
    assert (list(shown.email_addresses), list(shown.phone_numbers)) == ([], [])
    assert shown.created_at == datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_company_is_named_when_it_is_known() -> None:
    """A reference becomes a name; one that points nowhere is left out."""
    assert person(company=[{"target_record_id": "c1"}]).company == "Analytical Engines"
    assert person(company=[{"target_record_id": "c9"}]).company is None


def test_companies_are_asked_for_once() -> None:
    """Ten people of one company are one id."""
    employed = PersonRecord({"values": {"company": [{"target_record_id": "c1"}]}})

    assert company_ids([employed, employed, PersonRecord(EMPTY)]) == {"c1"}


def test_sorts_are_spelled_as_attio_spells_them() -> None:
    """A name by its field, a company by its own name."""
    assert sorted_by("name", descending=False) == [{"direction": "asc", "attribute": "name", "field": "full_name"}]
    assert sorted_by("created_at", descending=True) == [{"direction": "desc", "attribute": "created_at"}]
    [by_company] = sorted_by("company", descending=False)
    assert repr(by_company["path"]) == "[['people', 'company'], ['companies', 'name']]"


def test_the_history_is_the_newest_first_and_says_who(outside: Outside) -> None:
    """What ALC's attributes have been, in plain words, and Attio's actors; cleared values are left out."""

    def value(at: str, text: str | None, actor: str) -> dict[str, Any]:
        return {"active_from": at, "value": text, "created_by_actor": {"type": actor}}

    first, second = "2026-11-20T12:00:00.000000000Z", "2026-11-20T12:05:00.000000000Z"
    statuses = [
        value(first, "Pending", "api-token"),
        value(second, "Complete", "workspace-member"),
        value(second, None, "system"),
    ]
    ids, interests = [value(first, "lead_1", "api-token")], [value(first, "no_answer", "api-token")]
    outside.fault("GET", *(says(200, {"data": values}) for values in (statuses, ids, interests)))

    changes = history("r1")

    assert [(change.attribute, change.value, change.actor) for change in changes] == [
        ("ALC status", "Complete", "A member"),
        ("ALC status", "Pending", "Acme Lead Checker"),
        ("ALC lead ID", "lead_1", "Acme Lead Checker"),
        ("ALC interest", "no answer", "Acme Lead Checker"),
    ]
