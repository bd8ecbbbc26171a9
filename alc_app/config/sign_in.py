"""Checks of the settings by which people sign in, and how those are written that say who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from alc_app.config.fields import Fields

LOOPBACK = ("127.0.0.1", "localhost", "::1")
NOBODY_SIGNS_IN = (
    "ALC_APP_AUTH must be `oidc` or `proxy` {where}: without a sign-in, anyone who reaches the app can read every "
    "person and send SMS"
)


@dataclass(frozen=True)
class Rule:
    """One entry of ALC_APP_ADMINS or ALC_APP_MEMBERS: a claim, and the value that it must have; any if that is None.

    An address and a domain are rules for the claims `email` and `domain`.
    """

    claim: str
    value: str | None


def lower_ascii(text: str) -> str:
    """Return the text with A to Z in lower case only: `str.lower()` makes a "k" of the Kelvin sign, another address."""
    return text.encode("utf-8", "surrogateescape").lower().decode("utf-8", "surrogateescape")


def read_rules(name: str, text: str) -> tuple[Rule, ...]:
    """Return the rules of a setting. Raises: ValueError, which names the setting."""
    return tuple(_read_rule(name, entry.strip()) for entry in text.split(",") if entry.strip())


def read_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks of ALC_APP_PROXIES; an address is a network of one. Raises: ValueError."""
    try:
        return tuple(ip_network(entry.strip()) for entry in text.split(",") if entry.strip())
    except ValueError as error:
        raise ValueError(f"ALC_APP_PROXIES must be addresses or networks such as 10.0.0.0/24: {error}") from None


def check_sign_in(config: Fields, own_host: str) -> None:
    """Refuse settings that let strangers in, or keep everybody out. Raises: ValueError."""
    admins = read_rules("ALC_APP_ADMINS", config.admins)
    read_rules("ALC_APP_MEMBERS", config.members)
    proxies = read_networks(config.proxies)
    if config.auth == "none":
        if config.env == "production":
            raise ValueError(NOBODY_SIGNS_IN.format(where="in production"))
        if not {config.host, own_host} <= {*LOOPBACK}:
            raise ValueError(NOBODY_SIGNS_IN.format(where="unless host and URL are on this machine only"))
        return
    if not admins:
        raise ValueError("ALC_APP_ADMINS must name an admin: otherwise no one can connect ALC or change a setting")
    if config.auth == "oidc":
        _check_oidc(config)
    elif not (proxies or config.proxy_secret.get_secret_value()):
        raise ValueError("ALC_APP_PROXIES or ALC_APP_PROXY_SECRET must be set: otherwise anyone could send the header")


def _check_oidc(config: Fields) -> None:
    given = {
        "ALC_APP_OIDC_ISSUER": config.oidc_issuer,
        "ALC_APP_OIDC_CLIENT_ID": config.oidc_client_id,
        "ALC_APP_OIDC_CLIENT_SECRET": config.oidc_client_secret.get_secret_value(),
    }
    if missing := [name for name, value in given.items() if not value]:
        raise ValueError(f"{' and '.join(missing)} must be set for ALC_APP_AUTH=oidc")
    if not is_safe_url(config.oidc_issuer):
        raise ValueError("ALC_APP_OIDC_ISSUER must be an https address, or one of this machine")


def is_safe_url(url: object) -> bool:
    """Return whether a secret may be sent there: by https, or on this machine."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or is_on_this_machine(parts))


def is_on_this_machine(address: SplitResult) -> bool:
    """Return whether that is plain http on this machine, which nobody on the network can read."""
    return address.scheme == "http" and address.hostname in LOOPBACK


def _read_rule(name: str, entry: str) -> Rule:
    claim, is_claim, value = entry.partition("=")
    before, is_address, domain = entry.partition("@")
    if entry == "*":
        return Rule("sub", None)
    if is_claim and claim and value:
        return Rule(claim, value)
    if is_address and domain and "@" not in domain:
        return Rule("email", lower_ascii(entry)) if before else Rule("domain", lower_ascii(domain))
    raise ValueError(f"{name} must be like robin@example.com, @example.com, groups=sales or *, not {entry}")
