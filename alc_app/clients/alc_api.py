"""The client for ALC's API: every call, and every way in which a call can fail.

Spelled as in the tutorial: `recordId` goes out, `record_id` comes back. Callers catch the errors of this file and never
see a status code.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ValidationError

from alc_app.attio import Connection
from alc_app.attio.host.context import current, step
from alc_app.attio.host.errors import FetchAnswerLost, FetchMustWait, FetchNotSent, FetchTooLarge, SerializableError
from alc_app.attio.http import FetchResponse
from alc_app.attio.server import fetch
from alc_app.clients.alc_events import RECORD_ID, LeadProcessed
from alc_app.clients.alc_models import Lead, LeadPage, Leads, LeadState, Verdicts, Webhook, Webhooks, readable

Model = TypeVar("Model", bound=BaseModel)
CALLS_PER_SECOND = 25
"""For the whole installation, also when thousands of leads are due at once. ALC publishes no limit. Nearly every call
leads to a write to Attio, which takes 25 a second, so a faster pace would get nothing done sooner."""
ASKED_TO_WAIT = "ALC asked the app to wait."
NOT_AVAILABLE = "ALC is not available at the moment (status {})."
KEY_REUSED = (
    "This person was just sent to ALC with another name or phone number. Wait a few minutes, then reload the page to "
    "see the result."
)
"""For a second click on an open send whose first answer was lost, after the person was edited: same key, other body."""
SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
"""White space and control characters, such as a line break in a pasted name. ALC refuses them in a name."""
GONE = (404, 410)
"""The statuses of what ALC does not have, or has no longer."""
BUSY = (429, 502, 503, 504)
"""The statuses of a service that is overloaded or away, or of a gateway that cannot reach it."""
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class AlcError(SerializableError):
    """ALC did not do what we asked."""


class AlcRefused(AlcError):
    """ALC will not do it, however often we ask. The message tells the user why."""


class AlcUnknown(AlcRefused):
    """The account that is connected now has no such lead."""


class AlcUnreachable(AlcError):
    """The request did not reach ALC. Nothing has happened, and trying again may help."""


class AlcBusy(AlcError):
    """ALC asks us to wait, for `retry_after` seconds if it says so. The same request may be made again later."""


class AlcAnswerLost(AlcError):
    """ALC may have done it or not: no complete answer came back, or a server error."""


@step
def create_lead(connection: Connection, record_id: str, name: str, phone_number: str, *, idempotency_key: str) -> Lead:
    """Ask ALC to chat with this person. The same key never starts a second chat. `POST /api/v1/leads`.

    Raises: AlcRefused, also for a phone number that is not in international form (E.164).
    """
    if not E164.fullmatch(phone_number):
        raise AlcRefused(
            f'ALC cannot send an SMS to "{phone_number}": the number must be in international form, such as '
            "+14155550123. Please correct it on the person and try again."
        )
    response = _call(
        connection,
        "POST",
        "/api/v1/leads",
        json={"recordId": record_id, "name": SPACE.sub(" ", name).strip(), "phoneNumber": phone_number},
        headers={"Idempotency-Key": idempotency_key},
    )
    return _read(response, Lead)


@step
def find_lead(connection: Connection, *, idempotency_key: str) -> Lead | None:
    """Return the lead that was created with this key, if ALC has one. `GET /api/v1/leads?idempotency_key=`."""
    response = _call(connection, "GET", f"/api/v1/leads?{urlencode({'idempotency_key': idempotency_key})}")
    found = _read(response, Leads).leads
    if len(found) > 1:
        raise AlcAnswerLost("ALC returned several leads for one key. It seems to ignore the filter.")
    return found[0] if found else None


def get_lead(connection: Connection, lead_id: str) -> LeadState:
    """Return a lead as it is now. `GET /api/v1/leads/{id}`. Raises: AlcUnknown."""
    response = _call(connection, "GET", f"/api/v1/leads/{quote(lead_id, safe='')}", accept=GONE)
    if response.status in GONE:
        raise AlcUnknown(f"ALC does not know the lead {lead_id}.")
    return _read(response, LeadState)


def console_url(lead_id: str) -> str:
    """Return the URL of a lead in ALC's console."""
    return f"{current().settings.alc_url}/leads/{quote(lead_id, safe='')}"


@step
def find_verdict(connection: Connection, lead_id: str) -> LeadProcessed | None:
    """Return the verdict on a lead; None while ALC is processing it."""
    lead = get_lead(connection, lead_id)
    return None if lead.status == "processing" else _as_event(lead)


@step
def list_verdicts(connection: Connection, cursor: str | None = None) -> Verdicts:
    """Return the verdicts on a page of the account's leads, newest first. `GET /api/v1/leads?cursor=`.

    Other apps on the account may have leads too, whose record ids need not be Attio's: those are left out.
    """
    query = {"limit": "100"} if cursor is None else {"limit": "100", "cursor": cursor}
    page = _read(_call(connection, "GET", f"/api/v1/leads?{urlencode(query)}"), LeadPage)
    leads = readable(LeadState, page.leads)
    ours = [lead for lead in leads if lead.status != "processing" and re.match(RECORD_ID, lead.record_id)]
    verdicts = readable(LeadProcessed, [lead.event() for lead in ours])
    oldest = min((lead.created_at for lead in leads if lead.created_at), default=None)
    return Verdicts(verdicts=verdicts, oldest=oldest, next_cursor=page.next_cursor)


@step
def create_webhook(
    connection: Connection, *, name: str, url: str, event: str, secret: str, expires_in: int | None = None
) -> Webhook:
    """Register a URL for an event, for ever or for `expires_in` seconds. `POST /api/v1/webhooks`.

    Returns the existing webhook if one with this name is registered already.
    """
    body = {"name": name, "url": url, "event": event, "secret": secret}
    response = _call(
        connection,
        "POST",
        "/api/v1/webhooks",
        json=body if expires_in is None else {**body, "expires_in": expires_in},
        accept=(409,),
    )
    if response.status == 409:  # an earlier answer was lost: the webhook exists (C8)
        return _existing_webhook(connection, name)
    return _read(response, Webhook)


@step
def find_webhooks(connection: Connection, *, name: str) -> list[Webhook]:
    """Return the webhooks with this name. `GET /api/v1/webhooks?name=`."""
    return _webhooks_named(connection, name)


def list_webhooks(connection: Connection) -> list[Webhook]:
    """Return every webhook of the account, those of other apps included. `GET /api/v1/webhooks`."""
    return _read(_call(connection, "GET", "/api/v1/webhooks"), Webhooks).webhooks


def refresh_webhook(connection: Connection, webhook_id: str, *, expires_in: int | None = None) -> Webhook | None:
    """Extend the life of a webhook by `expires_in` seconds, or by ALC's default. `POST /api/v1/webhooks/{id}/refresh`.

    Returns None if the webhook does not exist or has expired.
    """
    body = {} if expires_in is None else {"expires_in": expires_in}
    path = f"/api/v1/webhooks/{quote(webhook_id, safe='')}/refresh"
    response = _call(connection, "POST", path, json=body, accept=(*GONE, 409))  # 409: it has expired
    return _read(response, Webhook) if response.ok else None


@step
def rotate_secret(connection: Connection, webhook_id: str, *, secret: str) -> Webhook:
    """Have ALC sign with `secret`, and for a while with the secret before too. Safe to repeat.

    `POST /api/v1/webhooks/{id}/rotate-secret`
    """
    path = f"/api/v1/webhooks/{quote(webhook_id, safe='')}/rotate-secret"
    return _read(_call(connection, "POST", path, json={"secret": secret}), Webhook)


@step
def delete_webhook(connection: Connection, webhook_id: str) -> None:
    """Delete a webhook; one that does not exist is fine. `DELETE /api/v1/webhooks/{id}`."""
    _call(connection, "DELETE", f"/api/v1/webhooks/{quote(webhook_id, safe='')}", accept=GONE)


def end_webhook(connection: Connection, webhook_id: str | None, *, name: str) -> None:
    """Delete the webhook with this id.

    Without an id, delete every webhook with this name: a registration whose answer was lost may have made one (C9).
    """
    found = [webhook_id] if webhook_id else [webhook.webhook_id for webhook in find_webhooks(connection, name=name)]
    for one in found:
        delete_webhook(connection, one)


def _as_event(lead: LeadState) -> LeadProcessed:
    """Return the verdict on a lead as ALC's webhook would have delivered it."""
    try:
        return LeadProcessed.model_validate(lead.event())
    except ValidationError as error:
        raise AlcAnswerLost("ALC sent an answer that the app cannot read.").because(error) from error


def _webhooks_named(connection: Connection, name: str) -> list[Webhook]:
    response = _call(connection, "GET", f"/api/v1/webhooks?{urlencode({'name': name})}")
    # A server may ignore a filter that it does not know, and webhooks of other apps must not be deleted.
    return [webhook for webhook in _read(response, Webhooks).webhooks if webhook.name == name]


def _existing_webhook(connection: Connection, name: str) -> Webhook:
    found = _webhooks_named(connection, name)
    if not found:
        raise AlcRefused("ALC says that the webhook exists, but does not list it.")
    return found[0]


def _call(
    connection: Connection,
    method: str,
    path: str,
    *,
    json: Any = None,
    headers: dict[str, str] | None = None,
    accept: tuple[int, ...] = (),
) -> FetchResponse:
    url = f"{current().settings.alc_url}{path}"
    try:
        response = fetch(
            url, method=method, json=json, headers=headers, connection=connection, per_second=CALLS_PER_SECOND
        )
    except FetchMustWait as error:
        raise AlcBusy(ASKED_TO_WAIT, retry_after=error.retry_after).because(error) from error
    except FetchNotSent as error:
        raise AlcUnreachable("ALC cannot be reached.").because(error) from error
    except FetchTooLarge as error:
        raise AlcAnswerLost(f"ALC's answer is too large. {error.message}").because(error) from error
    except FetchAnswerLost as error:
        raise AlcAnswerLost("ALC did not answer.").because(error) from error
    if response.ok or response.status in accept:
        return response
    raise _error(response)


def _error(response: FetchResponse) -> AlcError:
    retry_after = response.retry_after()
    if response.status in BUSY:
        why = (
            ASKED_TO_WAIT if response.status == HTTPStatus.TOO_MANY_REQUESTS else NOT_AVAILABLE.format(response.status)
        )
        return AlcBusy(why, retry_after=retry_after)
    # 409: a request with this key is still running. From 500 on: ALC failed while it worked on the request.
    if response.status == 409 or response.status >= 500 or response.status < 400:
        return AlcAnswerLost(f"ALC answered with status {response.status}.", retry_after=retry_after)
    return AlcRefused(_reason(response))


def _reason(response: FetchResponse) -> str:
    try:
        error = response.json()["error"]
        if "idempotency" in str(error.get("code")):
            return KEY_REUSED
        fields = error.get("fields") or {}
        names = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name)[:50]).lower() for name in fields}  # phone number
        texts = [f"ALC does not accept the {names[name]}: {str(text)[:200]}" for name, text in fields.items()]
        return " ".join(texts or [str(error["message"])[:300]])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "ALC refused the request without saying why."


def _read(response: FetchResponse, model: type[Model]) -> Model:
    """Read a response as a model. Raises: AlcAnswerLost, because an unreadable 2xx says nothing."""
    try:
        return model.model_validate_json(response.text)
    except ValidationError as error:
        raise AlcAnswerLost("ALC sent an answer that the app cannot read.").because(error) from error
