"""The client for Attio's REST API: every call, and every way in which a call can fail (docs.attio.com/rest-api).

The same code talks to the real Attio and to the stand-in; only the address differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard
from urllib.parse import quote, urlencode

from alc_app.attio.host.context import current, repeatable, step
from alc_app.attio.host.errors import (
    FetchAnswerLost,
    FetchError,
    FetchMustWait,
    FetchRefused,
    FetchTooLarge,
    SerializableError,
)
from alc_app.attio.http import FetchResponse
from alc_app.attio.server import attio_api_token, fetch

UNAUTHORIZED = "Attio does not accept the access token. Set ATTIO_API_TOKEN to a valid one."
UNREADABLE = "Attio sent an answer that the app cannot read."
NO_SUCH_ID = "Path params validation error."
"""What Attio answers, with a 400, where an id in the path is no UUID."""
WRITES_PER_SECOND = 25
"""Attio's limit for the whole workspace (docs.attio.com/rest-api/guides/rate-limiting)."""


class AttioApiError(SerializableError):
    """Attio did not do what we asked; trying again later may help."""


class AnswerLost(AttioApiError):
    """Attio may have done it or not, and may still do it."""


class AnswerTooLarge(AnswerLost):
    """The answer is larger than this app reads."""


class AttioRefused(AttioApiError):
    """Attio rejected the request. The message is Attio's."""


class Forbidden(AttioRefused):
    """Our token has no permission for this."""


class NotFound(AttioRefused):
    """It was deleted, merged into another, or never existed."""


@repeatable
def update_record(object_slug: str, record_id: str, values: Mapping[str, str | list[str] | None]) -> None:
    """Set attributes of a record. `PATCH /v2/objects/{object}/records/{record_id}`.

    Values are plain strings, which text, select and status attributes all accept; None clears an attribute, and a list
    adds to a multiselect. Raises: NotFound, Forbidden, AttioRefused, AnswerLost, AttioApiError.
    """
    path = f"/v2/objects/{object_slug}/records/{quote(record_id, safe='')}"
    _record(call("PATCH", path, {"data": {"values": dict(values)}}, per_second=WRITES_PER_SECOND))


@step
def assert_record(object_slug: str, matching_attribute: str, values: Mapping[str, Any]) -> str:
    """Update the record that has this value of a unique attribute, or create one. Returns its id.

    `PUT /v2/objects/{object}/records?matching_attribute=`. Raises: see update_record.
    """
    path = f"/v2/objects/{object_slug}/records?{urlencode({'matching_attribute': matching_attribute})}"
    answer = call("PUT", path, {"data": {"values": values}}, per_second=WRITES_PER_SECOND)
    return str(_record(answer)["id"]["record_id"])


def get_record(object_slug: str, record_id: str) -> dict[str, Any] | None:
    """Return a record as JSON, or None if there is none. `GET /v2/objects/{object}/records/{record_id}`."""
    try:
        return _record(call("GET", f"/v2/objects/{object_slug}/records/{quote(record_id, safe='')}"))
    except NotFound:
        return None


def has_values(object_slug: str, record_id: str, values: Mapping[str, str | None]) -> bool:
    """Tell whether the record has these values. Raises: AttioApiError."""
    record = get_record(object_slug, record_id)
    return record is not None and all(text_of(record["values"].get(slug, [])) == values[slug] for slug in values)


@step
def is_gone(object_slug: str, record_id: str) -> bool:
    """Tell whether the record no longer exists."""
    return get_record(object_slug, record_id) is None


def query_records(object_slug: str, **query: Any) -> list[dict[str, Any]]:
    """Return records as JSON by `filter`, `sorts`, `limit`, `offset`. `POST /v2/objects/{object}/records/query`."""
    return [_as_record(one) for one in list_of(call("POST", f"/v2/objects/{object_slug}/records/query", query))]


def search_records(object_slug: str, text: str, *, limit: int) -> list[dict[str, Any]]:
    """Return the hits of Attio's fuzzy search, which is in beta and lags behind. `POST /v2/objects/records/search`."""
    body = {"query": text, "objects": [object_slug], "request_as": {"type": "workspace"}, "limit": limit}
    return [_with_id(one) for one in list_of(call("POST", "/v2/objects/records/search", body))]


def text_of(values: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the first value of a text, select or status attribute; None if it has none."""
    if not values:
        return None
    first = values[0]
    for kind in ("option", "status"):
        if kind in first:
            return str(first[kind]["title"])
    return first.get("value")


def value_history(object_slug: str, record_id: str, attribute: str) -> list[dict[str, Any]]:
    """Return every value that an attribute of a record has had, oldest first. `GET …/attributes/{attribute}/values`."""
    path = f"/v2/objects/{object_slug}/records/{quote(record_id, safe='')}/attributes/{attribute}/values"
    return list_of(call("GET", f"{path}?{urlencode({'show_historic': 'true'})}"))


def identify() -> dict[str, Any]:
    """Describe our token: its workspace and its scopes; `active` is false for a revoked one. `GET /v2/self`."""
    return _json(call("GET", "/v2/self"))


def get_object(object_slug: str) -> dict[str, Any] | None:
    """Return an object, or None if there is none. `GET /v2/objects/{object}`."""
    return _found(f"/v2/objects/{quote(object_slug, safe='')}")


def list_attributes(object_slug: str) -> list[dict[str, Any]]:
    """Return the attributes of an object. `GET /v2/objects/{object}/attributes`."""
    return list_of(call("GET", f"/v2/objects/{quote(object_slug, safe='')}/attributes"))


def get_member(member_id: str) -> dict[str, Any] | None:
    """Return a member of the workspace, or None if there is none. `GET /v2/workspace_members/{id}`."""
    return _found(f"/v2/workspace_members/{quote(member_id, safe='')}")


def get_attribute(object_slug: str, attribute: str) -> dict[str, Any] | None:
    """Return an attribute, or None if there is none. `GET /v2/objects/{object}/attributes/{attribute}`."""
    return _found(f"/v2/objects/{object_slug}/attributes/{attribute}")


def create_attribute(object_slug: str, *, title: str, api_slug: str, type: str, description: str) -> None:
    """Add an attribute to an object. `POST /v2/objects/{object}/attributes`. Raises: AttioRefused."""
    flags = {"is_required": False, "is_unique": False, "is_multiselect": False, "config": {}}
    data = {"title": title, "api_slug": api_slug, "type": type, "description": description, **flags}
    call("POST", f"/v2/objects/{object_slug}/attributes", {"data": data})


def list_titles(object_slug: str, attribute: str, kind: str) -> list[str]:
    """Return the titles of the options of a select (`kind="options"`) or status (`"statuses"`) attribute."""
    return [item["title"] for item in list_of(call("GET", f"/v2/objects/{object_slug}/attributes/{attribute}/{kind}"))]


def create_title(object_slug: str, attribute: str, kind: str, title: str) -> None:
    """Add an option or a status to an attribute."""
    call("POST", f"/v2/objects/{object_slug}/attributes/{attribute}/{kind}", {"data": {"title": title}})


def call(method: str, path: str, json: Any = None, *, per_second: int | None = None) -> FetchResponse:
    """Call Attio. Raises: NotFound, Forbidden, AttioRefused, AnswerLost, AttioApiError."""
    try:
        response = fetch(
            f"{current().settings.attio_url}{path}",
            method=method,
            headers={"Authorization": f"Bearer {attio_api_token()}"},
            json=json,
            per_second=per_second,
        )
    except FetchRefused as error:
        raise AttioApiError(UNAUTHORIZED).because(error) from error
    except FetchMustWait as error:
        raise AttioApiError("Attio asked us to wait.", retry_after=error.retry_after).because(error) from error
    except FetchTooLarge as error:
        raise AnswerTooLarge(f"Attio's answer is too large. {error.message}").because(error) from error
    except FetchAnswerLost as error:
        raise AnswerLost("Attio did not answer.").because(error) from error
    except FetchError as error:
        raise AttioApiError("Attio cannot be reached.").because(error) from error
    if response.ok:
        return response
    raise _error(response)


def _error(response: FetchResponse) -> AttioApiError:
    message = _message(response)
    retry_after = response.retry_after()
    if response.status == 401:  # not a refusal: the work is retried until somebody sets a valid token (C5)
        return AttioApiError(UNAUTHORIZED)
    if response.status == 404 or message.startswith(NO_SUCH_ID):
        return NotFound(message)
    if response.status == 403:
        return Forbidden(message)
    if response.status == 504:  # a gateway timed out
        return AnswerLost(message, retry_after=retry_after)
    may_pass = response.status in (409, 429) or response.status >= 500
    if may_pass and _code(response) != "uniqueness_conflict":  # which stays so, however often it is tried
        return AttioApiError(message, retry_after=retry_after)
    return AttioRefused(message)


def _message(response: FetchResponse) -> str:
    """Return Attio's message with the paths of the validation errors: without them it does not say what is wrong."""
    try:
        body = response.json()
        details = [
            f"{'.'.join(map(str, error['path']))}: {error['message']}" for error in body.get("validation_errors") or []
        ]
        return " ".join([str(body["message"]), *details])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"Attio answered with status {response.status}."


def _code(response: FetchResponse) -> str | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body.get("code") if isinstance(body, dict) else None


def _found(path: str) -> dict[str, Any] | None:
    try:
        return data_of(call("GET", path))
    except NotFound:
        return None


def _record(response: FetchResponse) -> dict[str, Any]:
    """Return the record of an answer. One without is not from Attio, so it does not say that a write was done."""
    return _as_record(data_of(response))


def _as_record(data: dict[str, Any]) -> dict[str, Any]:
    values = data.get("values")
    if not isinstance(values, dict) or not all(_is_list(one or []) for one in values.values()):
        raise AttioApiError(UNREADABLE)
    return _with_id(data)


def _with_id(data: dict[str, Any]) -> dict[str, Any]:
    ids = data.get("id")
    if not isinstance(ids, dict) or not isinstance(ids.get("record_id"), str):
        raise AttioApiError(UNREADABLE)
    return data


def data_of(response: FetchResponse) -> dict[str, Any]:
    """Return the object that a response has as `data`. Raises: AttioApiError if it has none."""
    data = _json(response).get("data")
    if not isinstance(data, dict):
        raise AttioApiError(UNREADABLE)
    return data


def list_of(response: FetchResponse) -> list[dict[str, Any]]:
    """Return the list of objects that a response has as `data`. Raises: AttioApiError if it has none."""
    data = _json(response).get("data")
    if not _is_list(data):
        raise AttioApiError(UNREADABLE)
    return list(data)


def _is_list(data: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(data, list) and all(isinstance(one, dict) for one in data)


def _json(response: FetchResponse) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise AttioApiError(UNREADABLE).because(error) from error
    if not isinstance(body, dict):
        raise AttioApiError(UNREADABLE)
    return body
