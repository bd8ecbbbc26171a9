"""Search the log of exchanges: by the words of a call, and by whatever its trace has said, such as an id or a name."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from alc_app.runtime.exchanges.log import ExchangeLog, Row
from alc_app.runtime.storage.tables import Message

MOST_AROUND = 3000
"""Messages of the traces of the calls found."""
_FIRST = or_(col(Message.kind) != "answer", col(Message.call) == "")
"""The message that stands for a call: not the answer to one."""
_HAS_FAILED = col(Message.call).in_(
    select(Message.call).where(Message.kind == "answer", col(Message.detail).contains('"failed": true'))
)


def find_calls(
    log: ExchangeLog, search: str, record_ids: Collection[str], *, failed: bool, limit: int
) -> tuple[list[Row], list[Row]]:
    """Return the newest calls, and all messages of their traces.

    A call is found if each word of `search` is in it or was said in its trace, or if its trace is about one of the
    records. With `failed`, only calls that failed.
    """
    query = select(Message).where(_FIRST)
    if search:
        query = query.where(or_(and_(*map(_has, search.split())), *(_said(each) for each in record_ids)))
    if failed:
        query = query.where(_HAS_FAILED)
    calls = log.read(query.order_by(col(Message.id).desc()).limit(limit))
    return calls, log.read(_around(calls))


def _has(word: str) -> ColumnElement[bool]:
    """Return the condition that a call has a word, or its trace."""
    names = (col(Message.label), col(Message.sender), col(Message.receiver))
    in_names = [func.lower(name).contains(word.lower(), autoescape=True) for name in names]
    return or_(*in_names, col(Message.trace_id) == word, _said(word))


def _said(word: str) -> ColumnElement[bool]:
    """Return the condition that a message of the trace has a word in its details."""
    detail = func.lower(col(Message.detail))
    said = or_(*(detail.contains(spelled, autoescape=True) for spelled in _spellings(word.lower())))
    return and_(col(Message.trace_id) != "", col(Message.trace_id).in_(select(Message.trace_id).where(said)))


def _spellings(word: str) -> Iterable[str]:
    """Return a word as JSON spells it, and as JSON within JSON does: details have the bodies of requests as texts."""
    once = json.dumps(word)[1:-1]
    return dict.fromkeys((once, json.dumps(once)[1:-1]))


def _around(calls: list[Row]) -> SelectOfScalar[Message]:
    traces, ids = {call["trace_id"] for call in calls} - {""}, {call["call"] for call in calls} - {""}
    which = or_(col(Message.trace_id).in_(traces), col(Message.call).in_(ids))
    return select(Message).where(which).order_by(col(Message.id).desc()).limit(MOST_AROUND)
