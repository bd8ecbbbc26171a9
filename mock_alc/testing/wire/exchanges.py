"""Reads the exchanges of a mock from its control API."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from mock_alc.base.paging import every_delivery
from mock_alc.double.driver import TEST as TEST_USER_AGENT
from mock_alc.double.fault import REPLACES_THE_ANSWER
from mock_alc.testing.wire.exchange import APP, BROWSER, TEST, Exchange
from mock_alc.testing.wire.faults import delivery_fault, is_forged, request_fault

Control = Callable[[str, str, Any], Any]
"""Calls the control API with a method, a path below `/_mock/` and a body, and returns the JSON of the answer."""
Entry = Mapping[str, Any]
"""A request or a delivery, as the control API shows it."""
ALC = "ALC"
TIMEOUT = "no answer in time"
NO_ANSWER = {
    "aborted": "the attempt was ended",
    "answer_lost": "its answer was lost",
    "connection": "no answer",
    "interrupted": "the mock was stopped meanwhile",
    "lost": "never arrived",
    "not_active": "not sent: the webhook is not active",
    "timeout": TIMEOUT,
}


def read_exchanges(control: Control) -> list[Exchange]:
    """Return what the mock knows of: requests received and attempts to deliver, in the order of its clock.

    `control` is that of a fixture's object, or a function that calls a running mock over HTTP.
    """
    requests = control("GET", "requests", None)["requests"]
    return make_exchanges(requests, every_delivery(lambda path: control("GET", path, None)))


def make_exchanges(requests: Iterable[Entry], deliveries: Iterable[Entry], mock: str = ALC) -> list[Exchange]:
    """Return the exchanges in requests and deliveries as the control API shows them; `mock` is whom it plays."""
    attempts = [one for delivery in deliveries for one in _attempts(delivery, mock)]
    return sorted([*(_request(entry, mock) for entry in requests), *attempts], key=lambda one: one.at)


def _request(entry: Entry, mock: str) -> Exchange:
    trouble = entry.get("trouble")
    unseen = trouble in ("drop", "cut")
    return Exchange(
        at=datetime.fromisoformat(entry["at"]),
        sender=_sender(entry),
        receiver=mock,
        method=entry["method"],
        path=entry["path"],
        headers=entry["headers"],
        body=entry["body"],
        query=entry["query"],
        status=None if unseen else entry["status"],
        error="answer lost" if unseen else None,
        answer_body=entry["answer"],
        answer_headers=entry.get("answer_headers"),
        retry_after=entry.get("retry_after", 0),
        trouble=trouble,
        fault=request_fault(entry, mock),
        done=_was_done(entry),
        milliseconds=entry.get("milliseconds"),
        grant=entry.get("grant"),
    )


def _sender(entry: Entry) -> str:
    if entry["path"] == "/oauth/authorize":
        return BROWSER
    return TEST if entry["headers"].get("User-Agent") == TEST_USER_AGENT else APP


def _was_done(entry: Entry) -> bool:
    """Return whether the request took effect: the answer says so, unless a fault has replaced it."""
    replaced = entry.get("trouble") in REPLACES_THE_ANSWER
    return bool(entry.get("took_effect", True)) and (replaced or 200 <= (entry["status"] or 0) < 300)


def _attempts(delivery: Entry, mock: str) -> Iterator[Exchange]:
    for attempt in delivery["attempts"]:
        sent, error = attempt.get("sent"), attempt["error"]
        # The stand-in of Attio keeps no copy of what it sent.
        unknown: dict[str, str] | None = {} if "sent" not in attempt and error != "lost" else None
        trouble = "lost" if error == "lost" else attempt["fault"]
        yield Exchange(
            at=datetime.fromisoformat(attempt["at"]),
            sender=mock,
            receiver=APP,
            method="POST",
            path=delivery.get("url", ""),
            event=delivery["event"],
            headers=sent["headers"] if sent else unknown,
            body=delivery["body"] if sent is None or sent["body"] is None else _as_json(sent["body"]),
            status=attempt["status"],
            error=NO_ANSWER.get(error, (error or "").replace("_", " ")) or None,
            answer_body=_as_json(attempt["body"]) if attempt.get("body") else None,
            trouble=trouble,
            fault=delivery_fault(trouble, sent),
            forged=is_forged(trouble, sent),
            delivery_id=delivery["id"],
            attempt=attempt["number"],
            milliseconds=attempt.get("milliseconds"),
        )


def _as_json(text: str) -> Any:
    """Return the JSON in a text, or the text if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
