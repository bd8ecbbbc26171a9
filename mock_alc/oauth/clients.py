"""Registration of OAuth clients: the one in the settings, and those added by the control API."""

from urllib.parse import parse_qs, urlsplit

from sqlmodel import Session

from mock_alc.base.credentials import digest
from mock_alc.config import Config
from mock_alc.oauth.tables import SCOPES, Client

CONFIDENTIAL = ["client_secret_basic", "client_secret_post"]
RESERVED_PARAMETERS = {"code", "state", "iss", "error", "error_description", "error_uri"}
UNSAFE_SCHEMES = {"javascript", "data", "vbscript", "file", "blob", "about"}


class UnusableRedirectUri(ValueError):
    """The redirect URI cannot be registered; the message is a whole sentence."""


def register_client(
    session: Session, *, client_id: str, secret: str | None, redirect_uris: list[str],
    auth_methods: list[str] | None = None, scope: str = " ".join(SCOPES), name: str = "",
) -> Client:  # fmt: skip
    """Add or replace a client; without a secret it is a public one. Raise UnusableRedirectUri."""
    for uri in redirect_uris:
        check_redirect_uri(uri)
    client = session.merge(
        Client(
            client_id=client_id,
            name=name or client_id,
            secret_sha256=digest(secret) if secret else None,
            redirect_uris=redirect_uris,
            auth_methods=auth_methods or (CONFIDENTIAL if secret else ["none"]),
            scope=scope,
        )
    )
    session.flush()
    return client


def provision_client(session: Session, config: Config) -> None:
    """Register the client of the settings, if there is one."""
    if config.client_id:
        register_client(
            session,
            client_id=config.client_id,
            secret=config.client_secret.get_secret_value() or None,
            redirect_uris=list(config.redirect_uris),
        )


def check_redirect_uri(uri: str) -> None:
    """Raise UnusableRedirectUri unless response parameters can be added to the URI without ambiguity (A3)."""
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 (raises for a port that is not one)
    except ValueError as error:
        raise UnusableRedirectUri(f"The redirect URI {uri!r} cannot be read as a URI.") from error
    if not uri.isascii() or not uri.isprintable() or " " in uri or not parts.scheme or parts.scheme in UNSAFE_SCHEMES:
        raise UnusableRedirectUri(f"The redirect URI {uri!r} must be absolute and written in ASCII.")
    if "#" in uri or "@" in parts.netloc:
        raise UnusableRedirectUri(f"The redirect URI {uri!r} must carry neither a fragment nor a user name.")
    if parts.scheme in ("http", "https") and not parts.hostname:
        raise UnusableRedirectUri(f"The redirect URI {uri!r} names no host.")
    if RESERVED_PARAMETERS & parse_qs(parts.query, keep_blank_values=True).keys():
        raise UnusableRedirectUri(f"The redirect URI {uri!r} uses a parameter name that belongs to OAuth's answers.")
