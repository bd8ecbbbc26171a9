"""Which role the claims about a person give."""

from __future__ import annotations

from typing import Any

import pytest

from alc_app.config.settings import Config
from alc_app.runtime.sign_in.roles import NotInvited, Roles
from tests.support.sign_in import SIGN_IN

ROBIN = {"sub": "1", "name": "Robin Marsh", "email": "Robin@example.com", "email_verified": True}


def role(admins: str = "admin@example.com", members: str = "", **claims: Any) -> str:
    """The role of Robin with these rules and claims; empty for none."""
    config = Config.from_env(**{**SIGN_IN, "admins": admins, "members": members})
    try:
        return Roles(config).person("https://login.example.com", ROBIN | claims).role
    except NotInvited:
        return ""


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("robin@example.com", True),
        ("ROBIN@EXAMPLE.COM", True),
        ("@example.com", True),
        ("@EXAMPLE.com", True),
        ("*", True),
        ("sub=1", True),
        ("groups=sales", True),
        ("groups=sal", False),
        ("team=sales", True),
        ("realm_access.roles=alc", True),
        ("https://example.com/roles=alc", True),
        ("realm_access=alc", False),
        ("imani@example.com", False),
        ("@ample.com", False),
        ("@evil.example.com", False),
        ("nothing=1", False),
    ],
)
def test_a_rule_is_an_address_a_domain_or_a_claim(rule: str, fits: bool) -> None:
    """A claim may be a text, a list, an object, or have an address for its name."""
    claims = {
        "groups": ["sales", "all"],
        "team": "sales",
        "realm_access": {"roles": ["alc"]},
        "https://example.com/roles": ["alc"],
    }

    assert role(members=rule, **claims) == ("member" if fits else "")
    assert role(admins=rule, **claims) == ("admin" if fits else "")


def test_the_higher_role_counts() -> None:
    """An admin may be among the members too."""
    assert role(admins="robin@example.com", members="@example.com") == "admin"


def test_an_address_of_other_letters_is_another_address() -> None:
    """U4: Python's lower case of the Kelvin sign is a "k"."""
    assert role(admins="kim@example.com", email="Kim@example.com") == "admin"
    assert (
        role(admins="kim@example.com,@kite.example.com", email="\N{KELVIN SIGN}im@\N{KELVIN SIGN}ite.example.com") == ""
    )
    assert role(admins="kim@example.com", email="\N{KELVIN SIGN}im@example.com") == ""


@pytest.mark.parametrize("verified", [False, None, "false", 0, "yes"])
def test_an_address_that_is_not_verified_gives_nothing(verified: object) -> None:
    """U4: at some providers anybody may type any address."""
    assert role(members="@example.com,robin@example.com", email_verified=verified) == ""
    assert role(members="sub=1", email_verified=verified) == "member"


def test_nobody_is_let_in_by_default() -> None:
    """Without ALC_APP_MEMBERS there are admins only."""
    assert role() == ""


@pytest.mark.parametrize("odd", ["robin@evil.test@example.com", "@example.com", "example.com"])
def test_what_is_no_address_is_in_no_domain(odd: str) -> None:
    """O22: whatever a provider calls verified."""
    assert role(members="@example.com", email="robin@example.com") == "member"
    assert role(members="@example.com", email=odd) == ""


@pytest.mark.parametrize("odd", ["", None, 5, ["robin@example.com"], "x" * 400, "a\nb@example.com"])
def test_odd_names_and_addresses_are_left_out(odd: object) -> None:
    """They are shown on pages and in the log."""
    config = Config.from_env(**{**SIGN_IN, "admins": "sub=1"})
    found = Roles(config).person("https://login.example.com", ROBIN | {"name": odd, "email": odd})

    assert (found.name, found.email) == ("Someone", "")


def test_a_person_is_known_by_issuer_and_subject() -> None:
    """A new address or name is the same person; another issuer's subject is another one."""
    roles = Roles(Config.from_env(**{**SIGN_IN, "admins": "*"}))

    one, renamed = (roles.person("a", ROBIN | {"email": email}).id for email in ("x@example.com", "y@example.com"))
    assert one == renamed
    assert len({one, roles.person("b", ROBIN).id, roles.person("a", ROBIN | {"sub": "2"}).id}) == 3
