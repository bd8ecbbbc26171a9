"""The attribute types: their fields, their main field, and how their values compare.

Reading, writing, filtering and sorting use this one table.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

Content = dict[str, Any]
Comparison = Literal["text", "number", "moment", "identity"]

_KEY_LENGTH = 200  # characters; Postgres cannot index much longer texts


@dataclass(frozen=True)
class ValueType:
    """One attribute type. `main` is the field that filters use by default and that equality compares."""

    main: str
    compares: Comparison = "text"
    fields: tuple[str, ...] = ()
    same_when_equal: bool = False
    """Whether values with an equal main field are the same value, even if other fields differ in spelling."""

    def key(self, content: Content) -> str | None:
        """Return the text that equality compares, of bounded length."""
        value = content[self.main]
        return None if value is None else short_key(str(value))

    def number(self, content: Content) -> float | None:
        """Return the number that numeric comparisons use, or None if the type has none."""
        return float(content[self.main]) if self.compares == "number" else None

    def identity(self, content: Content) -> object:
        """Return an object that is equal for equal values: the main field or all content."""
        return content[self.main] if self.same_when_equal else content


def short_key(text: str) -> str:
    """Return the text, shortened to its beginning and a digest if it is long, so that equal keys mean equal texts."""
    if len(text) <= _KEY_LENGTH:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return text[: _KEY_LENGTH - len(digest)] + digest


_EMAIL = (
    "original_email_address",
    "email_address",
    "email_domain",
    "email_root_domain",
    "email_local_specifier",
)
_PHONE = ("original_phone_number", "phone_number", "country_code")
_LINES = ("line_1", "line_2", "line_3", "line_4")
LOCATION_FIELDS = (*_LINES, "locality", "region", "postcode", "country_code", "latitude", "longitude")

VALUE_TYPES: dict[str, ValueType] = {
    "text": ValueType("value"),
    "number": ValueType("value", "number"),
    "checkbox": ValueType("value", "number"),
    "rating": ValueType("value", "number"),
    "date": ValueType("value", "moment"),
    "timestamp": ValueType("value", "moment"),
    "currency": ValueType("currency_value", "number", ("currency_value", "currency_code")),
    "personal-name": ValueType("full_name", fields=("first_name", "last_name", "full_name")),
    "email-address": ValueType("email_address", fields=_EMAIL, same_when_equal=True),
    "phone-number": ValueType("phone_number", fields=_PHONE, same_when_equal=True),
    "domain": ValueType("domain", fields=("domain", "root_domain"), same_when_equal=True),
    "location": ValueType("locality", fields=LOCATION_FIELDS),
    "select": ValueType("option", "identity", same_when_equal=True),
    "status": ValueType("status", "identity", same_when_equal=True),
    "record-reference": ValueType(
        "target_record_id", "identity", ("target_object", "target_record_id"), same_when_equal=True
    ),
    "actor-reference": ValueType(
        "referenced_actor_id",
        "identity",
        ("referenced_actor_type", "referenced_actor_id"),
        same_when_equal=True,
    ),
    "interaction": ValueType("interacted_at", "moment", ("interaction_type", "interacted_at", "owner_member_id")),
}

CREATABLE_TYPES = frozenset(VALUE_TYPES) - {"interaction", "personal-name"}
