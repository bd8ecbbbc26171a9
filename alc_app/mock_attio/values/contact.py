"""Parsers for contact data: personal name, email address, phone number, domain, location."""

import re
from typing import Any

from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.tables import Attribute
from alc_app.mock_attio.store.value_types import LOCATION_FIELDS, Content
from alc_app.mock_attio.values.parsing import (
    InvalidValueError,
    Parser,
    RequiredPartsError,
    as_text,
    as_text_or_none,
    unwrap,
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}", re.ASCII)
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_RESERVED_ENDINGS = frozenset({"test", "invalid", "example", "localhost"})  # RFC 2606
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
# Reserved for film and TV by Ofcom, ComReg and Arcep, so common in examples; `phonenumbers` calls them invalid.
_DRAMA_NUMBERS = ("+447700900", "+441632960", "+35320910", "+35320911", "+35320912", "+3363998")
_NAME_PARTS = ("first_name", "last_name", "full_name")
_PHONE_PROBLEM = "Invalid phone number, possibly due to missing country information"
_MAX_PHONE = 64


def _personal_name(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    if isinstance(item, str):
        last, comma, first = (part.strip() for part in item.partition(","))
        first, last = (first, last) if comma else (last, "")
        return {"first_name": first, "last_name": last, "full_name": f"{first} {last}".strip()}
    if not isinstance(item, dict):
        as_text(item)
    if missing := [part for part in _NAME_PARTS if part not in item]:
        raise RequiredPartsError(missing)
    given = {part: as_text(item[part], part) for part in _NAME_PARTS}
    if not any(given.values()):
        raise InvalidValueError("A name needs one part that is not empty.", "full_name", expected="string")
    return given


def _email_address(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    original = as_text(unwrap(item, "email_address"), "email_address")
    address = original.strip().lower()
    local, _, domain = address.rpartition("@")
    if len(local) > 64 or not _LOCAL_PART.fullmatch(local) or not _is_domain(domain):
        raise InvalidValueError("This is not an email address at a domain that can receive mail.", "email_address")
    return {
        "original_email_address": original,
        "email_address": address,
        "email_domain": domain,
        "email_root_domain": _root_domain(domain),
        "email_local_specifier": local,
    }


def _phone_number(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    original = as_text(unwrap(item, "original_phone_number"), "original_phone_number")
    country = as_text_or_none(item.get("country_code"), "country_code") if isinstance(item, dict) else None
    number, region = parse_phone(original, country)
    return {"original_phone_number": original, "phone_number": number, "country_code": region}


def parse_phone(text: str, country: str | None = None) -> tuple[str, str]:
    """Return a phone number in E.164 and its country code; raise InvalidValueError for a number that cannot exist.

    `country` (ISO 3166-1) is used for numbers in national form.
    """
    import phonenumbers  # late: it takes a tenth of a second to import

    try:
        parsed = phonenumbers.parse(text[:_MAX_PHONE], country)
    except phonenumbers.NumberParseException as error:
        raise InvalidValueError(_PHONE_PROBLEM, "original_phone_number") from error
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    main_region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    region = phonenumbers.region_code_for_number(parsed) or main_region
    valid = phonenumbers.is_valid_number(parsed) or number.startswith(_DRAMA_NUMBERS)
    if not valid or not _is_country(region):
        raise InvalidValueError(_PHONE_PROBLEM, "original_phone_number")
    return number, region


def _domain(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    domain = as_text(unwrap(item, "domain"), "domain").strip().lower()
    domain = re.split("[/?#]", domain.removeprefix("https://").removeprefix("http://").removeprefix("www."))[0]
    if not _is_domain(domain):
        raise InvalidValueError("This is not a domain, such as example.com.", "domain")
    return {"domain": domain, "root_domain": _root_domain(domain)}


def _location(item: Any, _attribute: Attribute, _schema: Schema) -> Content:
    if isinstance(item, str):
        return _location_from_text(item)
    if not isinstance(item, dict):
        as_text(item)
    if missing := [name for name in LOCATION_FIELDS if name not in item]:
        raise RequiredPartsError(missing)
    content: Content = {name: as_text_or_none(item[name], name) for name in LOCATION_FIELDS}
    if content["country_code"] is not None and not _is_country(content["country_code"]):
        raise InvalidValueError("A country_code is two capital letters of ISO 3166-1.", "country_code")
    return content


def _location_from_text(text: str) -> Content:
    """Parse "Lisbon, PT" or "Austin, Texas, US". Attio does not document how it parses other texts."""
    content: Content = dict.fromkeys(LOCATION_FIELDS)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise InvalidValueError("The location is empty.")
    if len(parts) > 1 and _is_country(parts[-1].upper()):
        content["country_code"] = parts.pop().upper()
    content["locality"] = parts[0]
    content["region"] = ", ".join(parts[1:]) or None
    return content


def _is_country(code: str) -> bool:
    import phonenumbers  # late, as above

    return code in phonenumbers.SUPPORTED_REGIONS


def _is_domain(domain: str) -> bool:
    return bool(_DOMAIN.fullmatch(domain)) and domain.rpartition(".")[2] not in _RESERVED_ENDINGS


def _root_domain(domain: str) -> str:
    labels = domain.split(".")
    below_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if below_country else labels[-2:])


PARSERS: dict[str, Parser] = {
    "personal-name": _personal_name,
    "email-address": _email_address,
    "phone-number": _phone_number,
    "domain": _domain,
    "location": _location,
}
