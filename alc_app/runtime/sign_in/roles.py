"""Roles: what ALC_APP_ADMINS and ALC_APP_MEMBERS make of the claims about a person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from alc_app.config.settings import Config
from alc_app.config.sign_in import Rule, lower_ascii, read_rules
from alc_app.runtime.sign_in.people import Person, Role, person_id

MAX_TEXT = 320
"""Characters of a name or an address: the longest possible email address."""


class NotInvited(Exception):
    """No rule gives this person a role. The message is for the person."""


class Roles:
    """The rules of the settings."""

    def __init__(self, config: Config) -> None:
        """Read the rules; an admin is a member too."""
        self._rules: dict[Role, tuple[Rule, ...]] = {
            "admin": read_rules("ALC_APP_ADMINS", config.admins),
            "member": read_rules("ALC_APP_MEMBERS", config.members),
        }
        source = (config.auth, config.oidc_issuer, config.admins, config.members)
        self.hash = hashlib.sha256(repr(source).encode()).hexdigest()

    def person(self, issuer: str, claims: Mapping[str, Any]) -> Person:
        """Return the person that these claims describe, with the highest role that a rule gives. Raises: NotInvited."""
        email = _text(claims.get("email"))
        name = _text(claims.get("name")) or _text(claims.get("preferred_username")) or email or "Someone"
        for role, rules in self._rules.items():
            if any(_fits(rule, claims) for rule in rules):
                return Person(person_id(issuer, claims["sub"]), email, name, role)
        raise NotInvited(f"You are signed in as {email or name}, who may not use this workspace. Ask an admin.")


def _fits(rule: Rule, claims: Mapping[str, Any]) -> bool:
    """Tell whether a rule is about this person. An address counts only if the provider has verified it."""
    if rule.claim in ("email", "domain"):
        email = lower_ascii(_text(claims.get("email")))
        name, _, domain = email.partition("@")
        is_address = bool(name) and "@" not in domain
        is_verified = claims.get("email_verified") in (True, "true")  # some providers send a text
        return is_address and is_verified and rule.value == (email if rule.claim == "email" else domain)
    found = _claim(claims, rule.claim)
    return found is not None if rule.value is None else rule.value in (found if isinstance(found, list) else [found])


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a path such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    first, _, rest = name.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if rest and isinstance(inner, dict) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) <= MAX_TEXT else ""
