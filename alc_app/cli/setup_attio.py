"""`alc-app setup-attio`: check the token and its scopes, and create the attributes that are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alc_app.app import app as manifest
from alc_app.attio.host.context import running
from alc_app.clients import attio_api
from alc_app.clients.attio_api import AttioApiError
from alc_app.config.settings import Config
from alc_app.operations.attribute_checks import CHOICES, STATUSES
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services

NEEDED = ("record_permission:read-write", "object_configuration:read")


class SetupFailed(Exception):
    """The workspace cannot be used yet. The message says what to do."""


@dataclass(frozen=True)
class Attribute:
    """An attribute of people that the app writes."""

    slug: str
    title: str
    type: str
    description: str


def set_up(config: Config, say: Callable[[str], None]) -> None:
    """Check and complete the workspace of the token; `say` gets each sentence of the report. Raises: SetupFailed."""
    services = Services(config, manifest)
    try:
        with running(AppContext(services)):
            may_create = _check_token(say)
            for attribute in needed_attributes(config):
                _ensure(attribute, may_create, say)
    except AttioApiError as error:
        raise SetupFailed(f"Attio at {config.attio_origin}: {error.message}") from error
    finally:
        services.close()
    say("The workspace is ready.")


def needed_attributes(config: Config) -> list[Attribute]:
    """Return the three attributes, with the configured type of the status."""
    return [
        Attribute("alc_lead_id", "ALC lead ID", "text", "The lead at Acme Lead Checker"),
        Attribute("alc_status", "ALC status", config.alc_status_type, "Set by Acme Lead Checker"),
        Attribute("alc_interest", "ALC interest", "text", "What Acme Lead Checker found out"),
    ]


def _check_token(say: Callable[[str], None]) -> bool:
    """Check the token with `/v2/self`, which never answers 401. Return whether it may create attributes."""
    me = attio_api.identify()
    if not me.get("active"):
        raise SetupFailed("Attio does not accept this token. Create a new one and set ATTIO_API_TOKEN.")
    scopes = set(str(me.get("scope", "")).split())
    missing = [scope for scope in NEEDED if scope not in scopes and f"{scope}-write" not in scopes]
    if missing:
        raise SetupFailed(f"The token lacks {' and '.join(missing)}. Grant it in Attio's workspace settings.")
    if "webhook:read-write" not in scopes:
        say("Grant the scope webhook:read-write. Without it, Attio does not report changes in the CRM.")
    say(f"The token belongs to the workspace {me.get('workspace_name')}.")
    return "object_configuration:read-write" in scopes


def _ensure(attribute: Attribute, may_create: bool, say: Callable[[str], None]) -> None:
    found = attio_api.get_attribute("people", attribute.slug)
    if found is None:
        found = _create(attribute, may_create, say)
    if found and found["type"] != attribute.type:
        raise SetupFailed(
            f"The attribute {attribute.slug} exists with the type {found['type']}, not {attribute.type}. "
            "Set ALC_STATUS_TYPE to its type, or give the attribute another slug in Attio."
        )
    if found and found.get("is_archived"):
        raise SetupFailed(f"The attribute {attribute.slug} of people is archived. Restore it in Attio.")
    if attribute.type in CHOICES:
        _ensure_titles(attribute, may_create, say)


def _create(attribute: Attribute, may_create: bool, say: Callable[[str], None]) -> dict[str, Any] | None:
    """Create an attribute. If somebody else has created it meanwhile, return that one."""
    if not may_create:
        raise SetupFailed(
            f"The attribute {attribute.slug} is missing and the token may not create it. Either grant it "
            f"object_configuration:read-write, or let an admin add to people: {attribute.title}, "
            f"slug {attribute.slug}, type {attribute.type}."
        )
    try:
        attio_api.create_attribute(
            "people",
            title=attribute.title,
            api_slug=attribute.slug,
            type=attribute.type,
            description=attribute.description,
        )
    except AttioApiError as error:
        if found := attio_api.get_attribute("people", attribute.slug):
            return found
        raise SetupFailed(f"Attio did not create {attribute.slug}: {error.message}") from error
    say(f"Created the attribute {attribute.slug} ({attribute.type}) on people.")
    return None


def _ensure_titles(attribute: Attribute, may_create: bool, say: Callable[[str], None]) -> None:
    kind = CHOICES[attribute.type]
    missing = [title for title in STATUSES if title not in attio_api.list_titles("people", attribute.slug, kind)]
    if missing and not may_create:
        titles = ", ".join(missing)
        raise SetupFailed(f"{attribute.slug} lacks {titles}, and the token may not add them. Ask an admin to add them.")
    for title in missing:
        try:
            attio_api.create_title("people", attribute.slug, kind, title)
        except AttioApiError:
            if title not in attio_api.list_titles("people", attribute.slug, kind):
                raise
        else:
            say(f"Added {title} to {attribute.slug}.")
