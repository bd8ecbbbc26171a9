"""`/api/v1/leads`: create leads, list them and read their results."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from mock_alc.base.bodies import json_body, page_limit, text_problem
from mock_alc.base.errors import ApiError, invalid, not_found
from mock_alc.leads import leads
from mock_alc.leads.leads import IdempotencyKey
from mock_alc.oauth.bearer import account_with
from mock_alc.services import alc

api = Blueprint("leads_api", __name__, url_prefix="/api/v1/leads")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
OTHER_SPELLINGS = {"record_id": "recordId", "phone_number": "phoneNumber", "phone": "phoneNumber"}
CURSOR = re.compile("c[1-9][0-9]{0,17}")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
PAGE, LARGEST_PAGE = 20, 100


@api.post("")
def create_lead() -> ResponseReturnValue:
    """Create a lead; repeated requests with one `Idempotency-Key` create one lead (A21)."""
    account_id = account_with("leads")
    wanted = checked_lead(json_body())
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return _created(_insert(account_id, wanted, None))
    if not KEY.fullmatch(key):
        raise ApiError(400, "invalid_idempotency_key", "An Idempotency-Key is 1 to 255 printable ASCII characters.")
    with _in_flight(account_id, key):
        try:
            return _created(_insert(account_id, wanted, key))
        except IntegrityError:
            return _replay(account_id, wanted, key)


@api.get("")
def list_leads() -> ResponseReturnValue:
    """List leads, newest first; `next_cursor` is null on the last page."""
    account_id = account_with("leads")
    limit = page_limit(PAGE, LARGEST_PAGE)
    with alc().database.read() as session:
        found = leads.list_leads(
            session,
            account_id,
            limit=limit + 1,
            before=_read_cursor(request.args.get("cursor")),
            record_id=request.args.get("record_id"),
            idempotency_key=request.args.get("idempotency_key"),
        )
    page, more = found[:limit], found[limit:]
    return {
        "leads": [lead.as_json(alc().now()) for lead in page],
        "next_cursor": _cursor(page[-1].seq) if more else None,
    }


@api.get("/<lead_id>")
def get_lead(lead_id: str) -> ResponseReturnValue:
    """Return one lead with its chat until now."""
    account_id = account_with("leads")
    with alc().database.read() as session:
        lead = leads.find(session, account_id, lead_id)
    if lead is None:
        raise not_found("lead")
    return lead.as_json(alc().now())


def checked_lead(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a lead in snake case; raise ApiError 422 with a sentence for each wrong field."""
    problems = {wrong: f"Spell this field {right}." for wrong, right in OTHER_SPELLINGS.items() if wrong in body}
    for name in ("recordId", "name", "phoneNumber"):
        if problem := text_problem(body.get(name)):
            problems[name] = problem
    if "phoneNumber" not in problems and not E164.fullmatch(body["phoneNumber"]):
        problems["phoneNumber"] = "Write the phone number as E.164: a plus, the country code, the number, no spaces."
    if problems:
        raise invalid(problems)
    return {"record_id": body["recordId"], "name": body["name"], "phone_number": body["phoneNumber"]}


def _insert(account_id: str, wanted: Mapping[str, str], key: str | None) -> str:
    """Store the lead and its idempotency key in one transaction; return the response body, which may be replayed.

    Raise IntegrityError if the key was used before.
    """
    now = alc().now()
    decide_at = now + timedelta(seconds=alc().config.decide_after)
    with alc().database.write() as session:
        lead = leads.add_lead(
            session, account_id=account_id, idempotency_key=key, now=now, decide_at=decide_at,
            traceparent=g.traceparent, **wanted,
        )  # fmt: skip
        answer = current_app.json.dumps(lead.as_json(now))
        if key is not None:
            session.add(
                IdempotencyKey(
                    account_id=account_id, key=key, fingerprint=_fingerprint(wanted), answer=answer, created_at=now
                )
            )
        session.flush()  # Raises for a used key before a scenario is assigned.
        alc().scenarios.assign_lead(session, lead)
    alc().worker.wake()
    return answer


def _replay(account_id: str, wanted: Mapping[str, str], key: str) -> Response:
    with alc().database.read() as session:
        used = session.get(IdempotencyKey, (account_id, key))
    if used is None:
        raise ApiError(
            409, "in_flight", "This Idempotency-Key is expiring. Try again in a second.", headers={"Retry-After": "1"}
        )
    if used.fingerprint != _fingerprint(wanted):
        raise ApiError(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key was used with another body. Use a new key for a new lead.",
        )
    response = _created(used.answer)
    response.headers["Idempotency-Replayed"] = "true"
    return response


_keys_in_flight: set[tuple[int, str, str]] = set()
_keys_lock = threading.Lock()


@contextmanager
def _in_flight(account_id: str, key: str) -> Iterator[None]:
    """Raise ApiError 409 if another request with this key is being handled (A21)."""
    entry = (id(alc()), account_id, key)
    with _keys_lock:
        if entry in _keys_in_flight:
            message = "Another request with this Idempotency-Key is still running. Try again in a second."
            raise ApiError(409, "in_flight", message, headers={"Retry-After": "1"})
        _keys_in_flight.add(entry)
    try:
        yield
    finally:
        with _keys_lock:
            _keys_in_flight.discard(entry)


def _created(answer: str) -> Response:
    response = jsonify()
    response.set_data(answer)
    response.status_code = 201
    return response


def _fingerprint(wanted: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def _cursor(seq: int | None) -> str:
    return f"c{seq}"


def _read_cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not CURSOR.fullmatch(cursor):
        raise ApiError(400, "invalid_cursor", "Use the next_cursor of an earlier page, unchanged.")
    return int(cursor[1:])
