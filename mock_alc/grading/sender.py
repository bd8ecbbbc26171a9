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
    remarks = [] if receiver.messages else ["The sender sent nothing."]
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
            yield f"{attempts[0].headers['Webhook-Id']} had different bytes the second time."


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
            yield f"The body {attempt.body[:60]!r} is not a JSON object with a field event or type."
        if len(attempt.body) > LARGEST_BODY:
            yield f"The body has {len(attempt.body)} bytes. Many receivers read at most {LARGEST_BODY}."


def _retries(seen: _Observed) -> Complaints:
    if not any(message.plan == "broken" for message in seen.messages.values()):
        yield UNSEEN
    elif not seen.retried("broken"):
        yield "The sender did not retry after a 500 during this test."


def _gives_up(seen: _Observed) -> Complaints:
    patience = seen.receiver.patience
    for message in seen.messages.values():
        if message.plan != "silent":
            continue
        if message.waited is None or message.waited >= patience:
            yield f"The sender got no answer, and was still waiting after {patience:g} seconds."
        elif len(message.attempts) == 1:
            yield f"It gave up after {message.waited:.1f} seconds, and did not retry during this test."
        return
    yield UNSEEN


def _waits(seen: _Observed) -> Complaints:
    pair = seen.retried("busy")
    if pair is None:
        yield UNSEEN
    elif pair[1].at - pair[0].at < WAIT - EARLY:
        yield f"Retry-After asked for {WAIT} seconds. The next attempt came after {pair[1].at - pair[0].at:.1f}."


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
        yield "The sender went on after 410 Gone."


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
        "signed", "signs every attempt correctly, with a fresh timestamp", _signatures,
        "Receivers refuse everything else.", "`mock-alc sign` shows a correct signature.",
    ),
    SenderCheck(
        "ids", "uses plain message ids", _ids,
        "The id is signed, and receivers use it as a key.", "Use msg_ with letters and digits.",
    ),
    SenderCheck(
        "same_bytes", "sends the same bytes under the same id", _bytes,
        "Receivers identify a message by its id. They ignore or refuse other bytes under the same id.",
        "Store the bytes, and send the stored bytes.",
    ),
    SenderCheck(
        "fresh_retries", "signs each retry again", _fresh,
        "Receivers refuse timestamps older than five minutes, so they would refuse every late retry.",
        "Make the timestamp and the signature for each attempt; keep the id.",
    ),
    SenderCheck(
        "json", "posts application/json", _types, "Receivers choose a parser by the content type.",
        "POST with Content-Type: application/json.",
    ),
    SenderCheck(
        "bodies", "names the event in each body, and keeps bodies small", _bodies,
        "Receivers tell events apart by this field.",
        'Send {"event": …} or {"type": …}, and link to large data.',
    ),
    SenderCheck(
        "retries", "retries after a 500", _retries, "Receivers restart and fail.",
        "Retry with growing pauses, for some days.",
    ),
    SenderCheck(
        "timeout", "times out and retries", _gives_up,
        "A hanging receiver must not block the sender's connections or lose the message.",
        "End an attempt after 15 to 30 seconds, and retry it like any failure.",
    ),
    SenderCheck(
        "retry_after", "waits as long as Retry-After says", _waits,
        "An overloaded receiver asks for a pause.", "Wait for the later of your schedule and Retry-After.",
    ),
    SenderCheck(
        "redirects", "does not follow redirects", _redirects,
        "A redirect can lead into the sender's own network, or to someone else's server.",
        "Treat 3xx as a failure.",
    ),
    SenderCheck(
        "gone", "stops after 410 Gone", _gone, "The receiver asks for no more deliveries.",
        "Disable the webhook, and notify its owner.",
    ),
]  # fmt: skip
