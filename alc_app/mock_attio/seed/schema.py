"""The initial schema: Attio's people and companies, and what the demo adds to them."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from alc_app.mock_attio.store.note_task_list_tables import CrmList
from alc_app.mock_attio.store.tables import Attribute, Choice, CrmObject
from alc_app.mock_attio.store.targets import PARENT_RECORD

SEEDED_AT = "2026-01-05T09:00:00.000000000Z"
ALC_STATUSES = ("Requested", "Pending", "Complete", "Failed")

_NAMESPACE = uuid5(NAMESPACE_URL, "https://attio.com/")

_SOCIAL = ("angellist", "facebook", "instagram", "linkedin", "twitter")
_INTERACTIONS = (
    "first_calendar_interaction",
    "last_calendar_interaction",
    "next_calendar_interaction",
    "first_email_interaction",
    "last_email_interaction",
    "first_interaction",
    "last_interaction",
    "next_interaction",
)
_EMPLOYEE_RANGES = ("1-10", "11-50", "51-250", "251-1K", "1K-5K")


def stable_id(name: str) -> str:
    """Return the id for a seeded row. It is the same after every reset, so that links stay valid."""
    return str(uuid5(_NAMESPACE, name))


def standard_objects() -> list[CrmObject]:
    """Return the objects that every workspace has."""
    nouns = {"people": ("Person", "People"), "companies": ("Company", "Companies")}
    return [
        CrmObject(
            object_id=stable_id(slug),
            api_slug=slug,
            singular_noun=singular,
            plural_noun=plural,
            created_at=SEEDED_AT,
        )
        for slug, (singular, plural) in nouns.items()
    ]


def system_attributes(target: CrmObject | CrmList) -> list[Attribute]:
    """Return the attributes that every object or list has and only Attio writes."""
    id_key = target.kind.item_id_key
    title = id_key.capitalize().replace("_id", " ID")
    every = [
        _system(target, 0, id_key, "text", title=title, is_unique=True, is_writable=False),
        _system(target, 1, "created_at", "timestamp", is_writable=False),
        _system(target, 2, "created_by", "actor-reference", is_writable=False),
    ]
    if isinstance(target, CrmObject):
        return every
    to_parent = {"record_reference": {"allowed_object_ids": [target.parent_object_id]}}
    parent = _system(target, 3, PARENT_RECORD, "record-reference", is_writable=False, config=to_parent)
    return [*every, parent]


def people_attributes(people: CrmObject, companies: CrmObject) -> list[Attribute]:
    """Return the attributes that Attio gives people."""
    to_companies = {"record_reference": {"allowed_object_ids": [companies.object_id]}}
    own = [
        _system(people, 3, "name", "personal-name"),
        _system(people, 4, "email_addresses", "email-address", is_unique=True, is_multiselect=True),
        _system(people, 5, "phone_numbers", "phone-number", is_multiselect=True),
        _system(people, 6, "company", "record-reference", config=to_companies),
        _system(people, 7, "job_title", "text"),
    ]
    return [*own, *_common(people), _system(people, 8, "avatar_url", "text", is_writable=False)]


def demo_attributes(people: CrmObject, status_type: str) -> list[Attribute]:
    """Return the three attributes of people that the app writes."""
    return [
        _attribute(people, 40, "alc_lead_id", "text", title="ALC lead ID"),
        _attribute(people, 41, "alc_status", status_type, title="ALC status"),
        _attribute(people, 42, "alc_interest", "text", title="ALC interest"),
    ]


def company_attributes(companies: CrmObject) -> list[Attribute]:
    """Return the attributes of companies."""
    own = [
        _system(companies, 3, "domains", "domain", is_unique=True, is_multiselect=True),
        _system(companies, 4, "name", "text"),
        _system(companies, 5, "categories", "select", is_multiselect=True),
        _system(companies, 6, "employee_range", "select"),
        _system(companies, 7, "logo_url", "text", is_writable=False),
    ]
    return [*own, *_common(companies)]


def company_choices(companies: CrmObject) -> list[Choice]:
    """Return the options that Attio gives companies."""
    return _choices(companies, "employee_range", _EMPLOYEE_RANGES)


def demo_choices(people: CrmObject, companies: CrmObject, status_type: str, categories: list[str]) -> list[Choice]:
    """Return the options and statuses of the demo."""
    made = _choices(companies, "categories", categories)
    return made if status_type == "text" else made + _choices(people, "alc_status", ALC_STATUSES)


def _common(crm_object: CrmObject) -> list[Attribute]:
    """Return the attributes that people and companies share."""
    return [
        _system(crm_object, 10, "description", "text"),
        _system(crm_object, 11, "primary_location", "location"),
        *(_system(crm_object, 12 + index, slug, "text") for index, slug in enumerate(_SOCIAL)),
        _system(crm_object, 20, "twitter_follower_count", "number", is_writable=False),
        *(
            _system(crm_object, 21 + index, slug, "interaction", is_writable=False)
            for index, slug in enumerate(_INTERACTIONS)
        ),
    ]


def _system(target: CrmObject | CrmList, position: int, slug: str, kind: str, **more: Any) -> Attribute:
    return _attribute(target, position, slug, kind, is_system_attribute=True, **more)


def _attribute(target: CrmObject | CrmList, position: int, slug: str, kind: str, **more: Any) -> Attribute:
    values = {"title": slug.replace("_", " ").capitalize()} | more
    return Attribute(
        attribute_id=stable_id(f"{target.target_id}/{slug}"),
        object_id=target.target_id,
        api_slug=slug,
        position=position,
        type=kind,
        created_at=target.created_at,
        **values,
    )


def _choices(crm_object: CrmObject, slug: str, titles: tuple[str, ...] | list[str]) -> list[Choice]:
    attribute_id = stable_id(f"{crm_object.object_id}/{slug}")
    return [
        Choice(
            choice_id=stable_id(f"{attribute_id}/{title}"),
            attribute_id=attribute_id,
            position=position,
            title=title,
        )
        for position, title in enumerate(titles)
    ]
