"""`alc-app setup-attio`: is the token good, may it do what the app needs, and are the three attributes there?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alc_app.app import app as manifest
from alc_app.attio.host.context import running
from alc_app.clients import attio_api
from alc_app.clients.attio_api import AttioApiError, AttioRefused
from alc_app.config.settings import Config
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services

NEEDED = ("record_permission:read-write", "object_configuration:read")
STATUSES = ("Requested", "Pending", "Complete", "Failed")


class SetupFailed(Exception):
    """The workspace cannot be used yet; the message says what to do."""


@dataclass(frozen=True)
class Wanted:
    """An attribute that the app writes."""

    slug: str
    title: str
    type: str
    description: str


def set_up(config: Config, say: Callable[[str], None]) -> None:
    """Check and complete the workspace that the token belongs to. Raises: SetupFailed."""
    services = Services(config, manifest)
    try:
        with running(AppContext(services)):
            may_create = _check_token(say)
            for wanted in wanted_attributes(config):
                _ensure(wanted, may_create, say)
    except AttioApiError as error:
        raise SetupFailed(f"Attio at {config.attio_origin}: {error.message}") from error
    finally:
        services.close()
    say("The workspace is ready.")


def wanted_attributes(config: Config) -> list[Wanted]:
    """The three attributes of a person."""
    return [
        Wanted("alc_lead_id", "ALC lead ID", "text", "The lead at Acme Lead Checker"),
        Wanted("alc_status", "ALC status", config.alc_status_type, "Set by Acme Lead Checker"),
        Wanted("alc_interest", "ALC interest", "text", "What Acme Lead Checker found out"),
    ]


def _check_token(say: Callable[[str], None]) -> bool:
    """Look the token up by `/v2/self`, which never answers 401; returns whether it may create attributes."""
    me = attio_api.identify()
    if not me.get("active"):
        raise SetupFailed("Attio does not know this token, or it was revoked. Make a new one and set ATTIO_API_TOKEN.")
    scopes = set(str(me.get("scope", "")).split())
    missing = [scope for scope in NEEDED if scope not in scopes and f"{scope}-write" not in scopes]
    if missing:
        raise SetupFailed(f"The token lacks {' and '.join(missing)}. Grant it in Attio's workspace settings.")
    if "webhook:read-write" not in scopes:
        say("Without the scope webhook:read-write Attio does not tell the app what people do in the CRM. Grant it.")
    say(f"The token belongs to the workspace {me.get('workspace_name')}.")
    return "object_configuration:read-write" in scopes


def _ensure(wanted: Wanted, may_create: bool, say: Callable[[str], None]) -> None:
    found = attio_api.get_attribute("people", wanted.slug)
    if found is None:
        _create(wanted, may_create)
        say(f"Created the attribute {wanted.slug} ({wanted.type}) on people.")
    elif found["type"] != wanted.type:
        raise SetupFailed(
            f"The attribute {wanted.slug} exists with the type {found['type']}, and {wanted.type} was expected. "
            "Set ALC_STATUS_TYPE to its type, or archive the attribute in Attio."
        )
    if wanted.type in ("select", "status"):
        _ensure_titles(wanted, may_create, say)


def _create(wanted: Wanted, may_create: bool) -> None:
    if not may_create:
        raise SetupFailed(
            f"The attribute {wanted.slug} is missing and the token may not create it. Either grant it "
            f"object_configuration:read-write, or let an admin add to people: {wanted.title}, slug {wanted.slug}, "
            f"type {wanted.type}."
        )
    try:
        attio_api.create_attribute(
            "people",
            title=wanted.title,
            api_slug=wanted.slug,
            type=wanted.type,
            description=wanted.description,
        )
    except AttioRefused as error:
        raise SetupFailed(f"Attio did not create {wanted.slug}: {error.message}") from error


def _ensure_titles(wanted: Wanted, may_create: bool, say: Callable[[str], None]) -> None:
    kind = "options" if wanted.type == "select" else "statuses"
    missing = [title for title in STATUSES if title not in attio_api.list_titles("people", wanted.slug, kind)]
    if missing and not may_create:
        raise SetupFailed(f"{wanted.slug} lacks {', '.join(missing)}, and the token may not add them. Ask an admin to.")
    for title in missing:
        attio_api.create_title("people", wanted.slug, kind, title)
        say(f"Added {title} to {wanted.slug}.")
