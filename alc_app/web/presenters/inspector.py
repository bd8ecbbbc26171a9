"""Requests and deliveries as the inspector shows them, with the names of the people whom they are about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from alc_app.clients.attio_people import get_people, query_people
from alc_app.pages import CrmUnavailable
from alc_app.pages.filters import utc
from alc_app.pages.inspector_rows import (
    STATES,
    DeliveryPage,
    DeliveryRow,
    InspectorQuery,
    RequestPage,
    RequestRow,
    event_of,
    has_words,
    record_id_of,
    request_rows,
)
from alc_app.runtime.exchanges.search import find_calls
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.storage.tables import HAS_FAILED, Delivery
from alc_app.runtime.stores.inbox import ENDED
from alc_app.web.crm_reading import reading
from alc_app.web.presenters.people_search import find_people

NAMESAKES = 20
"""People whom a search may mean."""
SEARCHED = 2000
"""Deliveries among which a search looks: the newest."""

Row = TypeVar("Row", RequestRow, DeliveryRow)


def requests_of(services: Services, query: InspectorQuery) -> RequestPage:
    """Return the newest requests that the query asks for."""
    calls, around = find_calls(
        services.exchanges,
        query.search,
        _people_called(services, query.search),
        failed=query.failed,
        limit=query.shown + 1,
    )
    rows = request_rows(calls[: query.shown], around)
    return RequestPage(_named(services, rows), has_more=len(calls) > query.shown)


def deliveries_of(services: Services, query: InspectorQuery) -> DeliveryPage:
    """Return the newest deliveries that the query asks for; a search looks at the newest 2,000."""
    which = (HAS_FAILED,) if query.failed else ()
    stored = services.inbox.newest(SEARCHED if query.search else query.shown + 1, *which)
    senders = {handler_id: _sender(services, handler_id) for handler_id in {each.handler_id for each in stored}}
    rows = [(_delivery_row(each, senders[each.handler_id]), each.body.decode("utf-8", "replace")) for each in stored]
    called = _people_called(services, query.search)
    found = [row for row, body in rows if row.record_id in called or has_words(query.search, row, body)]
    return DeliveryPage(_named(services, found[: query.shown]), has_more=len(found) > query.shown)


def _delivery_row(stored: Delivery, sender: str) -> DeliveryRow:
    body = stored.body.decode("utf-8", "replace")
    status, tone = STATES[stored.state]
    return DeliveryRow(
        id=f"{stored.handler_id}:{stored.webhook_id}",
        webhook_id=stored.webhook_id,
        at=utc(stored.received_at),
        sender=sender,
        event=event_of(body),
        state=stored.state,
        status=status,
        tone=tone,
        tries=stored.tries,
        why=stored.why or "",
        record_id=record_id_of({"body": body}),
        can_run_again=stored.state in ENDED,
    )


def _sender(services: Services, handler_id: str) -> str:
    handler = services.webhook_handlers.row(handler_id)
    return SCHEMES[handler.signed_by].sender.removesuffix(" API") if handler else ""


def _people_called(services: Services, search: str) -> Collection[str]:
    """Return the ids of people whom a search may name; none for other words, such as those of an event or a path."""
    if not search or not all(word.replace("-", "").isalpha() for word in search.split()):
        return ()
    try:
        with reading(services):
            return {person.record_id for person in query_people(**find_people(search).query, limit=NAMESAKES)}
    except CrmUnavailable:
        return ()


def _named(services: Services, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the names of the people; without them while the CRM is unavailable."""
    try:
        with reading(services):
            people = get_people({row.record_id for row in rows if row.record_id})
    except CrmUnavailable:
        people = []
    names = {person.record_id: person.name or next(iter(person.email_addresses), "") for person in people}
    return [replace(row, person=names.get(row.record_id, "")) for row in rows]
