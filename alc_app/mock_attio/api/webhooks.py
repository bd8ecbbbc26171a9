"""`/v2/webhooks`: webhooks and their subscriptions. The secret is shown once, when a webhook is created."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from flask import Blueprint, request
from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.store.errors import AttioError, not_found
from alc_app.mock_attio.store.events import EventType
from alc_app.mock_attio.store.request_bodies import Body, page_of, parse, read_data
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_workspace
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.webhook_tables import Subscription, Webhook, status_of

Json = dict[str, Any]

bp = Blueprint("webhooks", __name__, url_prefix="/v2/webhooks")


def _target(url: str) -> str:
    """Return the URL; raise ValueError unless it is https, or http on this machine (Attio allows https only)."""
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))):
        raise ValueError("The target URL must start with https://.")
    return url


class Operation(Body):
    """One comparison of a filter. `field` is a path in the event, such as `id.object_id`."""

    field: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$")
    operator: Literal["equals", "not_equals"]
    value: str


class And(Body):
    """A filter that requires all of its operations."""

    model_config = ConfigDict(extra="forbid")

    operations: list[Operation] = Field(alias="$and", min_length=1)


class Or(Body):
    """A filter that requires at least one of its operations."""

    model_config = ConfigDict(extra="forbid")

    operations: list[Operation] = Field(alias="$or", min_length=1)


class NewSubscription(Body):
    """One event type. `filter` is optional: Attio's schema requires it, but clients leave it out."""

    event_type: EventType
    filter: And | Or | None = None


Subscriptions = Annotated[list[NewSubscription], Field(min_length=1)]
Target = Annotated[str, Field(max_length=2048), AfterValidator(_target)]


class NewWebhook(Body):
    """The body of a creation."""

    target_url: Target
    subscriptions: Subscriptions


class WebhookChange(Body):
    """The body of a change. A list of subscriptions replaces the previous one."""

    target_url: Target | None = None
    subscriptions: Subscriptions | None = None


@bp.post("")
@requires("webhook:read-write")
def create_webhook() -> Json:
    """Create a webhook. Only this response contains its secret."""
    new = parse(NewWebhook, read_data(request))
    with _unique_triples(), services().database.writing() as session:
        webhook = Webhook(
            webhook_id=str(uuid4()),
            target_url=new.target_url,
            secret=secrets.token_hex(32),
            created_at=services().now(),
        )
        session.add(webhook)
        session.flush()
        _subscribe(session, webhook, _event_filters(new.subscriptions))
        return {"data": {**_json(session, webhook), "secret": webhook.secret}}


@bp.get("")
@requires("webhook:read")
def list_webhooks() -> Json:
    """Answer the webhooks, oldest first."""
    limit, offset = page_of(request.args.get("limit"), request.args.get("offset"), in_query=True)
    with services().database.reading() as session:
        statement = select(Webhook).order_by(col(Webhook.created_at), col(Webhook.webhook_id))
        return {"data": [_json(session, webhook) for webhook in session.exec(statement.limit(limit).offset(offset))]}


@bp.get("/<webhook_id>")
@requires("webhook:read")
def get_webhook(webhook_id: str) -> Json:
    """Answer one webhook."""
    with services().database.reading() as session:
        return {"data": _json(session, _find(session, webhook_id))}


@bp.patch("/<webhook_id>")
@requires("webhook:read-write")
def update_webhook(webhook_id: str) -> Json:
    """Change the URL, the subscriptions, or both."""
    change = parse(WebhookChange, read_data(request))
    with _unique_triples(), services().database.writing() as session:
        webhook = _find(session, webhook_id)
        before = _subscriptions(session, webhook)
        wanted = [(one.event_type, one.filter) for one in before]
        if change.subscriptions is not None:
            wanted = _event_filters(change.subscriptions)
        webhook.target_url = change.target_url or webhook.target_url
        for one in before:
            session.delete(one)
        session.flush()
        _subscribe(session, webhook, wanted)
        return {"data": _json(session, webhook)}


@bp.delete("/<webhook_id>")
@requires("webhook:read-write")
def delete_webhook(webhook_id: str) -> Json:
    """Delete a webhook and its undelivered messages; answer an empty object."""
    with services().database.writing() as session:
        session.delete(_find(session, webhook_id))
    return {}


def _find(session: Session, webhook_id: str) -> Webhook:
    found = session.get(Webhook, as_uuid(webhook_id) or "")
    if found is None:
        raise not_found(f'Webhook with ID "{webhook_id}" was not found.')
    return found


def _subscriptions(session: Session, webhook: Webhook) -> list[Subscription]:
    statement = select(Subscription).where(Subscription.webhook_id == webhook.webhook_id)
    return list(session.exec(statement.order_by(col(Subscription.position))))


def _event_filters(subscriptions: list[NewSubscription]) -> list[tuple[str, Json | None]]:
    return [(one.event_type, one.filter.model_dump(by_alias=True) if one.filter else None) for one in subscriptions]


def _subscribe(session: Session, webhook: Webhook, wanted: list[tuple[str, Json | None]]) -> None:
    for position, (event_type, filter_) in enumerate(wanted):
        triple = {"target_url": webhook.target_url, "event_type": event_type, "filter_key": _filter_key(filter_)}
        rest = {"webhook_id": webhook.webhook_id, "position": position, "filter": filter_}
        session.execute(insert(Subscription).values(**triple, **rest))


def _filter_key(filter_: Json | None) -> str:
    """Return a digest that is equal for equivalent filters: the order of keys and operations does not matter."""
    if filter_ is not None:
        filter_ = {word: sorted(operations, key=json.dumps) for word, operations in filter_.items()}
    return hashlib.sha256(json.dumps(filter_, sort_keys=True).encode()).hexdigest()


def _json(session: Session, webhook: Webhook) -> Json:
    return {
        "target_url": webhook.target_url,
        "subscriptions": [
            {"event_type": one.event_type, "filter": one.filter} for one in _subscriptions(session, webhook)
        ],
        "id": {"workspace_id": find_workspace(session).workspace_id, "webhook_id": webhook.webhook_id},
        "status": status_of(webhook, services().config.now().timestamp()),
        "created_at": webhook.created_at,
    }


@contextmanager
def _unique_triples() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        message = "A webhook with this target URL already has a subscription to this event type with this filter."
        raise AttioError(409, "uniqueness_conflict", message) from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
