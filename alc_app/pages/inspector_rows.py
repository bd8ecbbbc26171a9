"""What the inspector shows: a row for each call between the participants, and one for each webhook delivery."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

Message = Mapping[str, Any]
Tone = Literal["good", "bad", "waiting", "neutral"]
STATES: Final[Mapping[str, tuple[str, Tone]]] = {
    "new": ("Waiting", "waiting"),
    "queued": ("Processing", "waiting"),
    "done": ("Processed", "good"),
    "failed": ("Failed", "bad"),
    "ignored": ("Nothing to do", "neutral"),
    "forgotten": ("Body deleted", "neutral"),
}
"""By state of a delivery: its words, and its colour."""
RAISES: Final = "raises "
"""Begins the label of an answer that is an error."""
_RECORD_IN_PATH = re.compile(r"/records/([0-9a-f-]{36})")
_RECORD_IN_BODY = re.compile(r'"record_?[iI]d": ?"([0-9a-f-]{36})"')


@dataclass(frozen=True)
class InspectorQuery:
    """Which rows to show: those that have every word of the search, the newest first."""

    search: str = ""
    failed: bool = False
    shown: int = 50


@dataclass(frozen=True)
class RequestRow:
    """A call and what came of it."""

    id: int  # of its first message in the log
    trace_id: str
    at: datetime
    sender: str
    receiver: str
    words: str  # as the tutorial's diagram says it
    method: str  # empty for a call within the app
    path: str
    status: str
    tone: Tone
    took: str
    why: str
    event: str  # of a webhook
    record_id: str
    person: str = ""

    @property
    def key(self) -> str:
        """The row's id on the page."""
        return f"call-{self.id}"


@dataclass(frozen=True)
class DeliveryRow:
    """A stored webhook delivery, and what became of it."""

    id: str  # `<handler>:<webhook-id>`
    webhook_id: str
    at: datetime
    sender: str
    event: str
    state: str
    status: str
    tone: Tone
    tries: int
    why: str
    record_id: str
    can_run_again: bool  # its body is still stored, and it is not being processed
    person: str = ""

    @property
    def key(self) -> str:
        """The row's id on the page."""
        return f"delivery-{self.id}"


@dataclass(frozen=True)
class RequestPage:
    """The newest requests that were asked for."""

    rows: Sequence[RequestRow]
    has_more: bool = False


@dataclass(frozen=True)
class DeliveryPage:
    """The newest deliveries that were asked for."""

    rows: Sequence[DeliveryRow]
    has_more: bool = False


def request_rows(calls: Iterable[Message], around: Sequence[Message]) -> list[RequestRow]:
    """Return a row for each of the `calls`; `around` are the messages of their traces, with the answers."""
    answers = {message["call"]: message for message in around if message["kind"] == "answer" and message["call"]}
    records: dict[str, set[str]] = defaultdict(set)
    for message in around:
        records[message["trace_id"]] |= {record_id_of(message["detail"].get("request", {}))} - {""}
    rows = [_row(call, answers.get(call["call"])) for call in calls]
    # A call that names no record belongs to the person of its trace, if that is about one only.
    alone = {trace_id: next(iter(ids)) for trace_id, ids in records.items() if trace_id and len(ids) == 1}
    return [row if row.record_id else replace(row, record_id=alone.get(row.trace_id, "")) for row in rows]


def record_id_of(request: Mapping[str, Any]) -> str:
    """Return the id of the record that a request names in its path or its body, or an empty text."""
    found = _RECORD_IN_PATH.search(str(request.get("url") or "")) or _RECORD_IN_BODY.search(
        str(request.get("body") or "")
    )
    return found[1] if found else ""


def event_of(body: str) -> str:
    """Return the name of the event in the body of a webhook of ALC or of Attio, or an empty text."""
    try:
        read = json.loads(body)
        found = read.get("event") or read["events"][0]["event_type"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):  # anybody may have written it
        return ""
    return found if isinstance(found, str) else ""


def has_words(search: str, row: RequestRow | DeliveryRow, body: str = "") -> bool:
    """Tell whether each word of a search is in a row, or in the body of its delivery."""
    text = " ".join([*map(str, asdict(row).values()), body]).lower()
    return all(word in text for word in search.lower().split())


def as_json(row: RequestRow | DeliveryRow) -> dict[str, Any]:
    """Return a row as JSON for the page's script."""
    return {**asdict(row), "key": row.key, "at": row.at.isoformat()}


def _row(call: Message, answer: Message | None) -> RequestRow:
    request, outcome = call["detail"].get("request") or {}, answer["detail"] if answer else {}
    status, tone = _status(call, answer)
    return RequestRow(
        id=call["id"],
        trace_id=call["trace_id"],
        at=datetime.fromtimestamp(call["at"], UTC),
        sender=call["sender"],
        receiver=call["receiver"],
        words=call["words"],
        method=str(request.get("method") or ""),
        path=urlsplit(str(request["url"])).path if request.get("url") else call["label"],
        status=status,
        tone=tone,
        took=f"{outcome['ms']:.0f} ms" if "ms" in outcome else "",
        why=outcome.get("why") or _error(answer),
        event=event_of(str(request.get("body") or "")) if "webhook" in call["label"] else "",
        record_id=record_id_of(request),
    )


def _error(answer: Message | None) -> str:
    """Return the name of the error that a call within the app has raised, or an empty text."""
    return answer["label"][len(RAISES) :] if answer and answer["label"].startswith(RAISES) else ""


def _status(call: Message, answer: Message | None) -> tuple[str, Tone]:
    if answer is None:
        return ("Waiting", "waiting") if call["call"] else ("", "neutral")
    if answer["detail"].get("failed"):
        return "Failed" if _error(answer) else answer["label"], "bad"
    if answer["label"][:1] == "2":
        return answer["label"], "good"
    return answer["label"].capitalize() if answer["label"] == "returns" else answer["label"], "neutral"
