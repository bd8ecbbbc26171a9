"""The door to Attio's REST API: every call we make to it, and every way it can fail (docs.attio.com/rest-api).

The same code talks to the real Attio and to the stand-in; only the address differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from alc_app.attio.host.context import current, step
from alc_app.attio.host.errors import FetchAnswerLost, FetchError, FetchRefused, SerializableError
from alc_app.attio.http import FetchResponse
from alc_app.attio.server import attio_api_token, fetch

PAGE = 100
UNAUTHORIZED = "Attio does not accept our access token. Set ATTIO_API_TOKEN to one that it knows."
UNREADABLE = "Attio's answer could not be read."
WRITES_PER_SECOND = 23
"""For the whole workspace. Attio's limit is 25 (docs.attio.com/rest-api/guides/rate-limiting), and calls do not arrive
as evenly as they leave."""


class AttioApiError(SerializableError):
    """Attio did not do what we asked; trying again later may help."""


class AnswerLost(AttioApiError):
    """Nobody knows whether Attio did it, and it may do it yet."""


class AttioRefused(AttioApiError):
    """Attio will not do it as it was asked; the message is Attio's."""


class Forbidden(AttioRefused):
    """Our token may not do this."""


class NotFound(AttioRefused):
    """What we asked for is gone, merged into another, or never was."""


@step
def update_record(object_slug: str, record_id: str, values: Mapping[str, str | list[str] | None]) -> None:
    """Set attributes of a record. `PATCH /v2/objects/{object}/records/{record_id}`.

    Values are plain strings, which text, select and status attributes all accept; None clears, and a list adds to a
    multiselect. After a crash that may have cut off the answer, the record is read first, and not written when it says
    so already.
    Raises: NotFound, Forbidden, AttioRefused, AnswerLost, AttioApiError.
    """
    if current().resumed and _says(get_record(object_slug, record_id), values):
        return
    call(
        "PATCH",
        f"/v2/objects/{object_slug}/records/{quote(record_id, safe='')}",
        {"data": {"values": dict(values)}},
        per_second=WRITES_PER_SECOND,
    )


@step
def assert_record(object_slug: str, matching_attribute: str, values: Mapping[str, Any]) -> str:
    """Update the record that has this value of a unique attribute, or create it; returns its id.

    `PUT /v2/objects/{object}/records?matching_attribute=`. Raises: as update_record does.
    """
    path = f"/v2/objects/{object_slug}/records?{urlencode({'matching_attribute': matching_attribute})}"
    answer = call("PUT", path, {"data": {"values": values}}, per_second=WRITES_PER_SECOND)
    return str(_data(answer)["id"]["record_id"])


def get_record(object_slug: str, record_id: str) -> dict[str, Any] | None:
    """A record, or None when there is none. `GET /v2/objects/{object}/records/{record_id}`."""
    return _found(f"/v2/objects/{object_slug}/records/{quote(record_id, safe='')}")


def _says(record: Mapping[str, Any] | None, values: Mapping[str, str | list[str] | None]) -> bool:
    return record is not None and all(text_of(record["values"].get(slug, [])) == values[slug] for slug in values)


@step
def is_gone(object_slug: str, record_id: str) -> bool:
    """Is there no such record any more?"""
    return get_record(object_slug, record_id) is None


def query_records(object_slug: str, **query: Any) -> list[dict[str, Any]]:
    """Records by `filter`, `sorts`, `limit`, `offset`. `POST /v2/objects/{object}/records/query`."""
    return list(_data(call("POST", f"/v2/objects/{object_slug}/records/query", query)))


def text_of(values: Sequence[Mapping[str, Any]]) -> str | None:
    """The first value of a text, select or status attribute."""
    if not values:
        return None
    first = values[0]
    for kind in ("option", "status"):
        if kind in first:
            return str(first[kind]["title"])
    return first.get("value")


def value_history(object_slug: str, record_id: str, attribute: str) -> list[dict[str, Any]]:
    """Every value that an attribute of a record has had, oldest first. `GET …/attributes/{attribute}/values`."""
    path = f"/v2/objects/{object_slug}/records/{quote(record_id, safe='')}/attributes/{attribute}/values"
    return list(_data(call("GET", f"{path}?{urlencode({'show_historic': 'true'})}")))


def identify() -> dict[str, Any]:
    """What our token is and may do; `active` is false for a dead one. `GET /v2/self`."""
    return _json(call("GET", "/v2/self"))


def get_object(object_slug: str) -> dict[str, Any] | None:
    """An object, or None when there is none. `GET /v2/objects/{object}`."""
    return _found(f"/v2/objects/{quote(object_slug, safe='')}")


def list_attributes(object_slug: str) -> list[dict[str, Any]]:
    """The attributes of an object. `GET /v2/objects/{object}/attributes`."""
    return list(_data(call("GET", f"/v2/objects/{quote(object_slug, safe='')}/attributes")))


def get_member(member_id: str) -> dict[str, Any] | None:
    """A member of the workspace, or None when there is none. `GET /v2/workspace_members/{id}`."""
    return _found(f"/v2/workspace_members/{quote(member_id, safe='')}")


def get_attribute(object_slug: str, attribute: str) -> dict[str, Any] | None:
    """An attribute, or None when there is none. `GET /v2/objects/{object}/attributes/{attribute}`."""
    return _found(f"/v2/objects/{object_slug}/attributes/{attribute}")


def create_attribute(object_slug: str, *, title: str, api_slug: str, type: str, description: str) -> None:
    """Add an attribute to an object. `POST /v2/objects/{object}/attributes`. Raises: AttioRefused."""
    flags = {"is_required": False, "is_unique": False, "is_multiselect": False, "config": {}}
    data = {"title": title, "api_slug": api_slug, "type": type, "description": description, **flags}
    call("POST", f"/v2/objects/{object_slug}/attributes", {"data": data})


def list_titles(object_slug: str, attribute: str, kind: str) -> list[str]:
    """The titles that a select (`kind="options"`) or status (`"statuses"`) attribute knows."""
    return [item["title"] for item in _data(call("GET", f"/v2/objects/{object_slug}/attributes/{attribute}/{kind}"))]


def create_title(object_slug: str, attribute: str, kind: str, title: str) -> None:
    """Add an option or a status to an attribute."""
    call("POST", f"/v2/objects/{object_slug}/attributes/{attribute}/{kind}", {"data": {"title": title}})


@step
def create_task(object_slug: str, record_id: str, content: str) -> str:
    """Leave a task about a record; returns its id. `POST /v2/tasks`.

    Attio takes no idempotency key: an open task that says the same of the record is the one that was asked for.
    Raises: NotFound, Forbidden, AttioRefused, AnswerLost, AttioApiError.
    """
    about = {"linked_object": object_slug, "linked_record_id": record_id, "is_completed": "false", "limit": 500}
    for task in _data(call("GET", f"/v2/tasks?{urlencode(about)}")):
        linked = [one["target_record_id"] for one in task["linked_records"]]
        if task["content_plaintext"] == content and record_id in linked and not task["is_completed"]:
            return str(task["id"]["task_id"])
    data = {
        "content": content,
        "format": "plaintext",
        "deadline_at": None,
        "is_completed": False,
        "linked_records": [{"target_object": object_slug, "target_record_id": record_id}],
        "assignees": [],
    }
    return str(_data(call("POST", "/v2/tasks", {"data": data}, per_second=WRITES_PER_SECOND))["id"]["task_id"])


def list_webhooks() -> list[dict[str, Any]]:
    """Every webhook that our token sees. `GET /v2/webhooks`."""
    found: list[dict[str, Any]] = []
    while len(found) % PAGE == 0:
        page = _data(call("GET", f"/v2/webhooks?{urlencode({'limit': PAGE, 'offset': len(found)})}"))
        found += page
        if not page:
            break
    return found


def create_webhook(target_url: str, subscriptions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Have Attio tell us of events; only this answer has the `secret`. `POST /v2/webhooks`."""
    data = {"target_url": target_url, "subscriptions": subscriptions}
    return dict(_data(call("POST", "/v2/webhooks", {"data": data})))


def update_webhook(webhook_id: str, subscriptions: Sequence[Mapping[str, Any]]) -> None:
    """Have Attio tell us of these events instead. `PATCH /v2/webhooks/{webhook_id}`."""
    call("PATCH", f"/v2/webhooks/{quote(webhook_id, safe='')}", {"data": {"subscriptions": subscriptions}})


def delete_webhook(webhook_id: str) -> None:
    """Have Attio tell us nothing more; twice is fine. `DELETE /v2/webhooks/{webhook_id}`."""
    try:
        call("DELETE", f"/v2/webhooks/{quote(webhook_id, safe='')}")
    except NotFound:
        return


def call(method: str, path: str, json: Any = None, *, per_second: int | None = None) -> FetchResponse:
    """One call to Attio. Raises: NotFound, Forbidden, AttioRefused, AnswerLost, AttioApiError."""
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
    if response.status == 401:  # it can be mended in the settings: what waits for it waits (C5)
        return AttioApiError(UNAUTHORIZED)
    if response.status == 404:
        return NotFound(message)
    if response.status == 403:
        return Forbidden(message)
    if response.status == 504:  # somebody between us has given up waiting
        return AnswerLost(message, retry_after=retry_after)
    if response.status in (409, 429) or response.status >= 500:
        return AttioApiError(message, retry_after=retry_after)
    return AttioRefused(message)


def _message(response: FetchResponse) -> str:
    """Attio's message with the path of each validation error: "Body payload validation error." alone helps nobody."""
    try:
        body = response.json()
        details = [
            f"{'.'.join(map(str, error['path']))}: {error['message']}" for error in body.get("validation_errors") or []
        ]
        return " ".join([str(body["message"]), *details])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"Attio answered with status {response.status}."


def _found(path: str) -> dict[str, Any] | None:
    try:
        return dict(_data(call("GET", path)))
    except NotFound:
        return None


def _data(response: FetchResponse) -> Any:
    body = _json(response)
    if "data" not in body:
        raise AttioApiError(UNREADABLE)
    return body["data"]


def _json(response: FetchResponse) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise AttioApiError(UNREADABLE).because(error) from error
    if not isinstance(body, dict):
        raise AttioApiError(UNREADABLE)
    return body
