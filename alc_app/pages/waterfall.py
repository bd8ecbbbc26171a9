"""A run as a waterfall: what it did and waited for, as bars over time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from .runs import Message, Run, Tone
from .sequence import as_step

WAITED: Final = 0.5
"""Seconds from which on a gap is drawn as a wait."""
SHORTENED_TO: Final = 0.3
"""Of the time in which something happens: the longest that a wait is drawn. Waits take days, calls milliseconds."""
QUEUED: Final = {"Server Function": "Server Function", "Webhook": "Webhook", "Workflow": "Workflow"}
"""By receiver of a message: the participant whose next message shows that a worker has taken up the work."""
WORKS: Final = "Waits in the queue"


@dataclass(frozen=True)
class Bar:
    """One attempt, or a wait: its time in seconds since 1970, and its place in percent of the whole width."""

    begins: float
    ends: float
    tone: Tone
    says: str  # how it ended, in words
    left: float = 0
    width: float = 0


@dataclass(frozen=True)
class Row:
    """A call with its attempts, or a wait."""

    between: str
    what: str
    bars: Sequence[Bar]
    message_id: int = 0

    @property
    def took(self) -> float:
        """Seconds from the beginning of the first attempt to the end of the last."""
        return self.bars[-1].ends - self.bars[0].begins


def waterfall(messages: Sequence[Message], run: Run, now: float) -> list[Row]:
    """Return the rows of a run in the order of their beginning. `messages` are those of its trace, oldest first."""
    calls = [_call(message, messages, run, now) for message in messages if _is_drawn(message)]
    rows = sorted([*_grouped(calls), *_waits(messages, run, now)], key=lambda row: row.bars[0].begins)
    return _placed(rows)


def _is_drawn(message: Message) -> bool:
    return message["kind"] == "call" and ("request" in message["detail"] or message["sender"] == "User")


def _call(call: Message, messages: Sequence[Message], run: Run, now: float) -> Row:
    between = f"{call['sender']} → {call['receiver']}"
    answers = (message for message in messages if message["kind"] == "answer" and message["call"] == call["call"])
    answer = next(answers, None) if call["call"] else call
    if answer:
        bad = bool(answer["detail"].get("failed"))
        says = "" if answer is call else answer["detail"].get("why") or answer["label"]
        bar = Bar(call["at"], answer["at"], "bad" if bad else "good", says)
    elif run.status == "Running":
        bar = Bar(call["at"], now, "waiting", "No answer yet")
    else:
        bar = Bar(call["at"], call["at"], "bad", "No answer")
    return Row(between, as_step(call["words"]), [bar], call["id"])


def _grouped(calls: Sequence[Row]) -> list[Row]:
    """Return the calls, with a repetition of one that went wrong as a further attempt of it."""
    rows: list[Row] = []
    for call in calls:
        failed = (row for row in rows if (row.between, row.what) == (call.between, call.what))
        before = next((row for row in failed if row.bars[-1].tone == "bad"), None)
        if before:
            rows[rows.index(before)] = replace(before, bars=[*before.bars, *call.bars])
        else:
            rows.append(call)
    return rows


def _waits(messages: Sequence[Message], run: Run, now: float) -> list[Row]:
    """Return the time in the queue, and the time that ALC's agent took or takes."""
    waits = []
    for at, message in enumerate(messages):
        worker = QUEUED.get(message["receiver"]) if message["kind"] == "call" else None
        taken_up = next(
            (later for later in messages[at + 1 :] if later["sender"] == worker and later["kind"] == "call"), None
        )
        if taken_up:
            waits.append(Row("Worker", WORKS, [Bar(message["at"], taken_up["at"], "neutral", "Started")]))
    for before, message in pairwise(messages):
        if message["sender"] == "ALC" and message["kind"] == "call" and message["at"] - before["at"] > WAITED:
            waits.append(_agent(before["at"], message["at"], "neutral", "ALC has a result"))
    if run.status == "Pending":
        waits.append(_agent(run.changed_at, max(now, run.changed_at), "waiting", "No result yet"))
    return waits


def _agent(begins: float, ends: float, tone: Tone, says: str) -> Row:
    return Row("ALC’s agent", "Chats by SMS", [Bar(begins, ends, tone, says)])


def _placed(rows: Sequence[Row]) -> list[Row]:
    """Place the bars. Time in which only something waits is shortened."""
    bars = [(bar, row.message_id > 0) for row in rows for bar in row.bars]
    times = sorted({time for bar, _ in bars for time in (bar.begins, bar.ends)})
    busy = [
        any(is_call and bar.begins <= begins and ends <= bar.ends for bar, is_call in bars)
        for begins, ends in pairwise(times)
    ]
    lengths = [ends - begins for begins, ends in pairwise(times)]
    longest = SHORTENED_TO * (sum(length for length, is_busy in zip(lengths, busy, strict=True) if is_busy) or 1)
    drawn = [length if is_busy else min(length, longest) for length, is_busy in zip(lengths, busy, strict=True)]
    whole = sum(drawn) or 1
    place = dict(zip(times, (100 * sum(drawn[:at]) / whole for at in range(len(times))), strict=True))

    def placed(bar: Bar) -> Bar:
        return replace(bar, left=round(place[bar.begins], 2), width=round(place[bar.ends] - place[bar.begins], 2))

    return [replace(row, bars=[placed(bar) for bar in row.bars]) for row in rows]
