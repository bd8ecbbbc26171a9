"""Grades a webhook sender by the attempts that a `RecordingReceiver` recorded."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mock_alc.grading.recording_receiver import WAIT, Attempt, Message, RecordingReceiver
from mock_alc.grading.report import FAILED, NOT_SEEN, PASSED, Report, Result
from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.signing.explanation import explain

LARGEST_ID, LARGEST_BODY = 256, 65_536
EARLY = 0.5  # Seconds; clocks and networks are not exact.
Complaints = Iterator[str]
UNSEEN = "?"
"""Yielded instead of a complaint when the sender never got into the situation that the check is about."""


@dataclass(frozen=True)
class _Observed:
    secret: str
    receiver: RecordingReceiver

    @property
    def messages(self) -> dict[str, Message]:
        return self.receiver.messages

    @property
    def attempts(self) -> list[Attempt]:
        return [attempt for message in self.messages.values() for attempt in message.attempts]

    def retried(self, plan: str) -> tuple[Attempt, Attempt] | None:
        """Return the first two attempts of the message with this plan, or None if there were fewer."""
        found = [message.attempts for message in self.messages.values() if message.plan == plan]
        return (found[0][0], found[0][1]) if found and len(found[0]) > 1 else None


def grade_sender(receiver: RecordingReceiver, secret: str, subject: str) -> Report:
    """Return the report on the sender; `secret` is the one that it should sign with."""
    seen = _Observed(secret, receiver)
    results = [_result(seen, check) for check in CHECKS]
    remarks = [] if receiver.messages else ["Nothing was sent here at all."]
    return Report(subject, results, remarks)


@dataclass(frozen=True)
class SenderCheck:
    """One check: its complaints about what was observed, why it matters, and how to fix it."""

    name: str
    title: str
    complaints: Callable[[_Observed], Complaints]
    why: str
    remedy: str


def _result(seen: _Observed, check: SenderCheck) -> Result:
    complaints = list(check.complaints(seen)) if seen.attempts else [UNSEEN]
    outcome = PASSED if not complaints else NOT_SEEN if complaints == [UNSEEN] else FAILED
    complaint = complaints[0] if outcome == FAILED else ""
    came_back = [f"{len(seen.attempts)} attempts"] if outcome == PASSED else []
    return Result(check.name, check.title, outcome, check.why, check.remedy, [], came_back, complaint)


def _signatures(seen: _Observed) -> Complaints:
    for attempt in seen.attempts:
        found = explain(STANDARD_WEBHOOKS.name, seen.secret, attempt.headers, attempt.body, now=attempt.at)
        yield from (f"{problem.sentence} {problem.remedy}" for problem in found.problems if problem.fatal)


def _ids(seen: _Observed) -> Complaints:
    for name in seen.messages:
        if not (name.isascii() and name.isprintable()) or " " in name or len(name) > LARGEST_ID or "." in name:
            yield f"The id {name[:60]!r} is not printable ASCII without full stops and spaces, up to {LARGEST_ID} long."


def _bytes(seen: _Observed) -> Complaints:
    repeated = [message.attempts for message in seen.messages.values() if len(message.attempts) > 1]
    if not repeated:
        yield UNSEEN
    for attempts in repeated:
        if len({attempt.body for attempt in attempts}) > 1:
            yield f"{attempts[0].headers['Webhook-Id']} came with other bytes the second time."


def _types(seen: _Observed) -> Complaints:
    for attempt in seen.attempts:
        kind = attempt.headers.get("Content-Type", "")
        if attempt.method != "POST" or kind.partition(";")[0].strip().lower() != "application/json":
            yield f"It was a {attempt.method} of {kind or 'no type'}, not a POST of application/json."


def _bodies(seen: _Observed) -> Complaints:
    for attempt in seen.attempts:
        try:
            body = json.loads(attempt.body)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not {"event", "type"} & set(body):
            yield f"The body {attempt.body[:60]!r} is no JSON object with the field event, or type."
        if len(attempt.body) > LARGEST_BODY:
            yield f"The body has {len(attempt.body)} bytes, and many receivers read {LARGEST_BODY} at most."


def _retries(seen: _Observed) -> Complaints:
    if not any(message.plan == "broken" for message in seen.messages.values()):
        yield UNSEEN
    elif not seen.retried("broken"):
        yield "A message that was answered 500 did not come again while this exam lasted."


def _gives_up(seen: _Observed) -> Complaints:
    patience = seen.receiver.patience
    for message in seen.messages.values():
        if message.plan != "silent":
            continue
        if message.waited is None or message.waited >= patience:
            yield f"It was never answered, and still waited after {patience:g} seconds."
        elif len(message.attempts) == 1:
            yield f"It gave up after {message.waited:.1f} seconds, and did not come again while this exam lasted."
        return
    yield UNSEEN


def _waits(seen: _Observed) -> Complaints:
    pair = seen.retried("busy")
    if pair is None:
        yield UNSEEN
    elif pair[1].at - pair[0].at < WAIT - EARLY:
        yield f"Retry-After said {WAIT} seconds; the next attempt came after {pair[1].at - pair[0].at:.1f}."


def _redirects(seen: _Observed) -> Complaints:
    if seen.receiver.followed:
        yield f"It followed a redirect to {seen.receiver.followed[0].path}."
    elif not any(message.plan == "moved" for message in seen.messages.values()):
        yield UNSEEN


def _gone(seen: _Observed) -> Complaints:
    gone = [message for message in seen.messages.values() if message.plan == "gone"]
    if not gone:
        yield UNSEEN
    elif len(gone) > 1 or len(gone[0].attempts) > 1:
        yield "After 410 Gone, more came."


def _fresh(seen: _Observed) -> Complaints:
    repeated = [message.attempts for message in seen.messages.values() if len(message.attempts) > 1]
    if not repeated:
        yield UNSEEN
    for first, *rest in repeated:
        for again in rest:
            same = first.headers.get("Webhook-Timestamp") == again.headers.get("Webhook-Timestamp")
            if same and again.at - first.at >= WAIT - EARLY:
                yield "A retry carried the timestamp of the first attempt."


CHECKS = [
    SenderCheck(
        "signed", "signs every attempt rightly, with a fresh timestamp", _signatures,
        "Receivers refuse everything else.", "`mock-alc sign` shows how it should look.",
    ),
    SenderCheck(
        "ids", "names messages with plain ids", _ids,
        "The id is part of what is signed, and a key in databases.", "Use msg_ and letters and digits.",
    ),
    SenderCheck(
        "same_bytes", "sends the same bytes under the same id", _bytes,
        "Receivers take the id for the message: other bytes under it are lost, or refused.",
        "Store the bytes with the message, and send those.",
    ),
    SenderCheck(
        "fresh_retries", "signs retries anew", _fresh,
        "A receiver refuses timestamps that are five minutes old, so that late retries would never be taken.",
        "Make the timestamp and the signature for each attempt; keep the id.",
    ),
    SenderCheck(
        "json", "posts application/json", _types, "Receivers choose their parser by it.",
        "POST with Content-Type: application/json.",
    ),
    SenderCheck(
        "bodies", "sends objects that name their event, of a sensible size", _bodies,
        "Receivers tell events apart by it.", "Send {\"event\": …} or {\"type\": …}, and link to what is large.",
    ),
    SenderCheck(
        "retries", "tries again after a 500", _retries, "Receivers are restarted and break.",
        "Retry with growing pauses, for some days.",
    ),
    SenderCheck(
        "timeout", "gives up when no answer comes, and tries again", _gives_up,
        "A receiver that hangs must not hold the sender's connections, nor lose the message.",
        "End an attempt after 15 to 30 seconds in all, and retry it as any failure.",
    ),
    SenderCheck(
        "retry_after", "waits as long as Retry-After says", _waits,
        "A receiver that is overloaded asks for a pause.", "Take the later of your schedule and Retry-After.",
    ),
    SenderCheck(
        "redirects", "does not follow redirects", _redirects,
        "A redirect can lead into the sender's own network, or give the message to others.",
        "Treat 3xx as a failure.",
    ),
    SenderCheck(
        "gone", "stops after 410 Gone", _gone, "The receiver says that it wants nothing any more.",
        "Disable the webhook, and tell its owner.",
    ),
]  # fmt: skip
