"""The door to ALC: every call we make to it, every shape it sends us, every way it can fail.

Spelled as the tutorial spells it: `recordId` goes out, `record_id` comes back. Callers catch a word of this file,
never a status code.
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from alc_app.attio import Connection
from alc_app.attio.host.context import current, step
from alc_app.attio.host.errors import FetchAnswerLost, FetchNotSent, SerializableError
from alc_app.attio.http import FetchResponse
from alc_app.attio.server import fetch
from alc_app.clients.alc_events import ID, RECORD_ID, LeadProcessed

TOLD = {"record_id", "status", "interest", "summary"}
Shape = TypeVar("Shape", bound=BaseModel)
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class AlcError(SerializableError):
    """ALC did not do what we asked."""


class AlcRefused(AlcError):
    """ALC will not do it, today or tomorrow; the message says why, to the user."""


class AlcUnknown(AlcRefused):
    """ALC, as it is connected now, has no such thing."""


class AlcUnreachable(AlcError):
    """ALC was not asked, or asked us to wait: nothing has happened, and trying again may help."""


class AlcAnswerLost(AlcError):
    """ALC was asked, and nobody knows whether it did it: no whole answer came back, or an error of its own."""


class Lead(BaseModel):
    """A lead at ALC."""

    id: str = Field(pattern=ID)
    record_id: str


class Webhook(BaseModel):
    """A webhook of ours that is registered at ALC."""

    webhook_id: str = Field(pattern=ID)
    name: str
    url: str
    event: str = ""
    status: str = "active"
    """Only an active one is called; others are disabled or expired."""
    expires_at: AwareDatetime | None = None


class ChatLine(BaseModel):
    """Something that was said in a chat: by the `agent`, or by the `lead`."""

    sender: str = Field(alias="from")
    text: str


class LeadState(Lead):
    """A lead as ALC shows it when it is asked."""

    status: Literal["processing", "Complete", "Failed"]
    interest: Literal["interested", "not_interested", "no_answer"] | None = None
    summary: str | None = None
    transcript: list[ChatLine] = []
    created_at: AwareDatetime | None = None
    decided_at: AwareDatetime | None = None


class Leads(BaseModel):
    """A page of leads."""

    leads: list[Lead]


class LeadPage(BaseModel):
    """Some leads as they stand, the newest first, and where the next page begins."""

    leads: list[LeadState]
    next_cursor: str | None = None


class Verdicts(BaseModel):
    """What a page of leads says, for us: every verdict on it, and when its oldest lead was made."""

    verdicts: list[LeadProcessed]
    oldest: AwareDatetime | None
    next_cursor: str | None


class Webhooks(BaseModel):
    """The webhooks that ALC knows of us."""

    webhooks: list[Webhook]


@step
def create_lead(connection: Connection, record_id: str, name: str, phone_number: str, *, idempotency_key: str) -> Lead:
    """Ask ALC to chat with this person. The same key never starts a second chat. `POST /api/v1/leads`."""
    if not E164.fullmatch(phone_number):
        raise AlcRefused(
            f'ALC cannot send an SMS to "{phone_number}": the number must be in international form, such as '
            "+14155550123. Please correct it on the person and try again."
        )
    response = _call(
        connection,
        "POST",
        "/api/v1/leads",
        json={"recordId": record_id, "name": name, "phoneNumber": phone_number},
        headers={"Idempotency-Key": idempotency_key},
    )
    return _read(response, Lead)


@step
def find_lead(connection: Connection, *, idempotency_key: str) -> Lead | None:
    """The lead that was created with this key, if ALC has it. `GET /api/v1/leads?idempotency_key=`."""
    response = _call(connection, "GET", f"/api/v1/leads?{urlencode({'idempotency_key': idempotency_key})}")
    found = _read(response, Leads).leads
    if len(found) > 1:
        raise AlcAnswerLost("ALC shows several leads for one key; it seems to ignore the question.")
    return found[0] if found else None


def get_lead(connection: Connection, lead_id: str) -> LeadState:
    """A lead as it stands. `GET /api/v1/leads/{id}`. Raises: AlcUnknown."""
    response = _call(connection, "GET", f"/api/v1/leads/{quote(lead_id, safe='')}", accept=(404,))
    if response.status == 404:
        raise AlcUnknown(f"ALC does not know the lead {lead_id}.")
    return _read(response, LeadState)


def console_url(lead_id: str) -> str:
    """Where a person can look at a lead at ALC."""
    return f"{current().settings.alc_url}/leads/{quote(lead_id, safe='')}"


@step
def find_verdict(connection: Connection, lead_id: str) -> LeadProcessed | None:
    """What became of a lead; None while ALC is at it."""
    body = get_lead(connection, lead_id)
    if body.status == "processing":
        return None
    return _as_event(body)


@step
def list_verdicts(connection: Connection, cursor: str | None = None) -> Verdicts:
    """A page of the account's leads, the newest first. `GET /api/v1/leads?cursor=`.

    Leads of others on the account are among them, and what they name a record need not be an id of Attio's.
    """
    query = {"limit": "100"} if cursor is None else {"limit": "100", "cursor": cursor}
    page = _read(_call(connection, "GET", f"/api/v1/leads?{urlencode(query)}"), LeadPage)
    verdicts = [
        _as_event(lead) for lead in page.leads if lead.status != "processing" and re.match(RECORD_ID, lead.record_id)
    ]
    oldest = min((lead.created_at for lead in page.leads if lead.created_at), default=None)
    return Verdicts(verdicts=verdicts, oldest=oldest, next_cursor=page.next_cursor)


@step
def create_webhook(
    connection: Connection, *, name: str, url: str, event: str, secret: str, expires_in: int | None = None
) -> Webhook:
    """Register our address for an event, for ever or some seconds; one that is registered already is adopted.

    `POST /api/v1/webhooks`.
    """
    wanted = {"name": name, "url": url, "event": event, "secret": secret}
    response = _call(
        connection,
        "POST",
        "/api/v1/webhooks",
        json=wanted if expires_in is None else {**wanted, "expires_in": expires_in},
        accept=(409,),
    )
    if response.status == 409:  # an earlier answer was lost: what we asked for is there (C8)
        return _one_webhook(connection, name)
    return _read(response, Webhook)


@step
def find_webhooks(connection: Connection, *, name: str) -> list[Webhook]:
    """Our webhooks with this name. `GET /api/v1/webhooks?name=`."""
    return _webhooks(connection, name)


def list_webhooks(connection: Connection) -> list[Webhook]:
    """Every webhook of the account, other people's among them. `GET /api/v1/webhooks`."""
    return _read(_call(connection, "GET", "/api/v1/webhooks"), Webhooks).webhooks


def refresh_webhook(connection: Connection, webhook_id: str, *, expires_in: int | None = None) -> Webhook | None:
    """Let a webhook live on for some seconds, or as long as ALC usually grants; None, when there is nothing to refresh.

    `POST /api/v1/webhooks/{id}/refresh`.
    """
    body = {} if expires_in is None else {"expires_in": expires_in}
    path = f"/api/v1/webhooks/{quote(webhook_id, safe='')}/refresh"
    response = _call(connection, "POST", path, json=body, accept=(404, 409))  # 409: it has expired
    return _read(response, Webhook) if response.ok else None


@step
def delete_webhook(connection: Connection, webhook_id: str) -> None:
    """Make ALC forget a webhook; one that it does not know is forgotten. `DELETE /api/v1/webhooks/{id}`."""
    _call(connection, "DELETE", f"/api/v1/webhooks/{quote(webhook_id, safe='')}", accept=(404,))


def end_webhook(connection: Connection, webhook_id: str | None, *, name: str) -> None:
    """Make ALC forget ours: the one with this id, or whatever has its name, when an answer that was lost may have
    registered it (C9)."""
    for found in [webhook_id] if webhook_id else [hook.webhook_id for hook in find_webhooks(connection, name=name)]:
        delete_webhook(connection, found)


def _as_event(lead: LeadState) -> LeadProcessed:
    """The delivery that would have told the same."""
    told = {"lead_id": lead.id, "occurred_at": lead.decided_at, **lead.model_dump(include=TOLD)}
    try:
        return LeadProcessed.model_validate(told)
    except ValidationError as error:
        raise AlcAnswerLost("ALC's answer could not be read.").because(error) from error


def _webhooks(connection: Connection, name: str) -> list[Webhook]:
    response = _call(connection, "GET", f"/api/v1/webhooks?{urlencode({'name': name})}")
    # Whom we ask may ignore a filter that it does not know; other people's webhooks are not ours to delete.
    return [webhook for webhook in _read(response, Webhooks).webhooks if webhook.name == name]


def _one_webhook(connection: Connection, name: str) -> Webhook:
    found = _webhooks(connection, name)
    if not found:
        raise AlcRefused("ALC says that the webhook exists, and does not show it.")
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
        response = fetch(url, method=method, json=json, headers=headers, connection=connection)
    except FetchNotSent as error:
        raise AlcUnreachable("ALC cannot be reached.").because(error) from error
    except FetchAnswerLost as error:
        raise AlcAnswerLost("ALC did not answer.").because(error) from error
    if response.ok or response.status in accept:
        return response
    raise _error(response)


def _error(response: FetchResponse) -> AlcError:
    retry_after = response.retry_after()
    if response.status == 429:
        return AlcUnreachable("ALC asked us to wait.", retry_after=retry_after)
    # 409 says that a request with this key is still under way; from 500 on, ALC itself stumbled on the way.
    if response.status == 409 or response.status >= 500 or response.status < 400:
        return AlcAnswerLost(f"ALC answered with status {response.status}.", retry_after=retry_after)
    return AlcRefused(_reason(response))


def _reason(response: FetchResponse) -> str:
    try:
        error = response.json()["error"]
        fields = error.get("fields") or {}
        names = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name)[:50]).lower() for name in fields}  # phone number
        told = [f"ALC does not take the {names[name]}: {str(text)[:200]}" for name, text in fields.items()]
        return " ".join(told or [str(error["message"])[:300]])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "ALC refused the request without saying why."


def _read(response: FetchResponse, shape: type[Shape]) -> Shape:
    """The answer as what it should be. Raises: AlcAnswerLost, because a 2xx that cannot be read says nothing."""
    try:
        return shape.model_validate_json(response.text)
    except ValidationError as error:
        raise AlcAnswerLost("ALC's answer could not be read.").because(error) from error
