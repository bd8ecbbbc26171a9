"""`/api/v1/webhooks`: register, list, refresh, test and delete webhooks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from mock_alc.base.bodies import is_whole_number, json_body, optional_json_body, text_problem
from mock_alc.base.errors import ApiError, invalid, not_found
from mock_alc.double.local_requests import is_from_this_machine
from mock_alc.oauth.bearer import account_with
from mock_alc.services import alc
from mock_alc.signing.standard_webhooks import UnusableSecret, key_of, new_secret
from mock_alc.web.unregister import unregister_webhook
from mock_alc.webhooks import registrations
from mock_alc.webhooks.outbox import enqueue_test
from mock_alc.webhooks.registrations import EVENTS, Webhook
from mock_alc.webhooks.targets import TargetRefused, check_url

api = Blueprint("webhooks_api", __name__, url_prefix="/api/v1/webhooks")
MAX_LIFETIME = 31_536_000
DEFAULT_EXTENSION = 604_800


@api.post("")
def create_webhook() -> ResponseReturnValue:
    """Register a webhook; only this response shows the secret."""
    account_id = account_with("webhooks")
    body = json_body()
    check_webhook(body)
    now, secret = alc().now(), body.get("secret") or new_secret()
    registration = {"account_id": account_id, **{field: body[field] for field in ("name", "url", "event")}}
    try:
        with alc().database.write() as session:
            expires_at = now + timedelta(seconds=body["expires_in"]) if body.get("expires_in") else None
            webhook = registrations.register(
                session, alc().sealer, secret=secret, expires_at=expires_at, now=now, **registration
            )
    except IntegrityError as error:
        raise _already_exists(registration) from error
    return {**webhook.as_json(now), "secret": secret}, 201


@api.get("")
def list_webhooks() -> ResponseReturnValue:
    """List the webhooks of the account; with `name`, only those."""
    account_id = account_with("webhooks")
    with alc().database.read() as session:
        found = registrations.list_webhooks(session, account_id, request.args.get("name"))
    return {"webhooks": [webhook.as_json(alc().now()) for webhook in found]}


@api.get("/<webhook_id>")
def get_webhook(webhook_id: str) -> ResponseReturnValue:
    """Return one webhook, without its secret."""
    account_id = account_with("webhooks")
    with alc().database.read() as session:
        return _found(session, account_id, webhook_id).as_json(alc().now())


@api.delete("/<webhook_id>")
def delete_webhook(webhook_id: str) -> ResponseReturnValue:
    """Delete a webhook: no attempt starts after this (W11); 404 if it was deleted already."""
    account_id = account_with("webhooks")
    with alc().database.write() as session:
        if not unregister_webhook(session, account_id, webhook_id):
            raise not_found("webhook")
    alc().worker.wake()
    return "", 204


@api.post("/<webhook_id>/refresh")
def refresh_webhook(webhook_id: str) -> ResponseReturnValue:
    """Make a webhook expire `expires_in` seconds from now; 409 if it has expired already."""
    account_id = account_with("webhooks")
    expires_in = optional_json_body().get("expires_in", DEFAULT_EXTENSION)
    if not is_whole_number(expires_in, at_least=1, at_most=MAX_LIFETIME):
        raise invalid({"expires_in": f"This field must be a whole number of seconds from 1 to {MAX_LIFETIME}."})
    now = alc().now()
    with alc().database.write() as session:
        webhook = _found(session, account_id, webhook_id)
        if webhook.status(now) == "expired":
            raise ApiError(409, "webhook_expired", "This webhook has expired. Register a new one.")
        webhook.expires_at = now + timedelta(seconds=expires_in)
    return webhook.as_json(now)


@api.post("/<webhook_id>/rotate-secret")
def rotate_secret(webhook_id: str) -> ResponseReturnValue:
    """Replace the secret; for `secret_overlap` seconds, deliveries are signed with the old one too (W9)."""
    account_id = account_with("webhooks")
    body = optional_json_body()
    _refuse_problems({"secret": _secret_problem(body.get("secret"))})
    now, secret = alc().now(), body.get("secret") or new_secret()
    previous_until = now + timedelta(seconds=alc().config.secret_overlap)
    with alc().database.write() as session:
        webhook = _found(session, account_id, webhook_id)
        registrations.rotate_secret(webhook, alc().sealer, secret, previous_until=previous_until)
    return {**webhook.as_json(now), "secret": secret}


@api.post("/<webhook_id>/test")
def send_test(webhook_id: str) -> ResponseReturnValue:
    """Queue a `webhook.test` delivery, with which people try out a receiver (W8)."""
    account_id = account_with("webhooks")
    now = alc().now()
    with alc().database.write() as session:
        webhook = _found(session, account_id, webhook_id)
        if webhook.status(now) != "active":
            raise ApiError(
                409, "webhook_not_active", f"This webhook is {webhook.status(now)}, so ALC sends nothing to it."
            )
        delivery = enqueue_test(session, webhook, now, traceparent=g.traceparent)
    alc().worker.wake()
    return {"delivery_id": delivery.id, "event": "webhook.test"}, 202


def _found(session: Session, account_id: str, webhook_id: str) -> Webhook:
    webhook = registrations.find(session, account_id, webhook_id)
    if webhook is None:
        raise not_found("webhook")
    return webhook


def _already_exists(registration: Mapping[str, str]) -> ApiError:
    """Return a 409 with the id of the existing webhook, so that a client whose response was lost can use it."""
    with alc().database.read() as session:
        existing = session.exec(
            select(Webhook).where(Webhook.live_key == registrations.live_key(**registration))
        ).first()
    return ApiError(
        409,
        "webhook_exists",
        "A webhook with this name, url and event exists already. Use it, or delete it first.",
        extra={"webhook_id": existing.id} if existing else {},
    )


def check_webhook(body: Mapping[str, Any]) -> None:
    """Raise ApiError 422 with a sentence for each wrong field of a registration."""
    expires_in = body.get("expires_in")
    fits = expires_in is None or is_whole_number(expires_in, at_least=1, at_most=MAX_LIFETIME)
    _refuse_problems(
        {
            "name": text_problem(body.get("name")),
            "url": text_problem(body.get("url"), longest=2_048) or _target_problem(body["url"]),
            "event": None if body.get("event") in EVENTS else f"This field must be one of: {', '.join(EVENTS)}.",
            "secret": _secret_problem(body.get("secret")),
            "expires_in": None if fits else f"This field must be a whole number of seconds from 1 to {MAX_LIFETIME}.",
        }
    )


def _refuse_problems(problems: Mapping[str, str | None]) -> None:
    found = {field: problem for field, problem in problems.items() if problem}
    if found:
        raise invalid(found)


def _target_problem(url: str) -> str | None:
    try:
        check_url(url, allow_loopback=alc().config.loopback_targets_allowed and is_from_this_machine())
    except TargetRefused as refusal:
        return str(refusal)
    return None


def _secret_problem(secret: object) -> str | None:
    if secret is None:
        return None
    if not isinstance(secret, str):
        return "This field must be a string."
    try:
        key_of(secret)
    except UnusableSecret as problem:
        return str(problem)
    return None
