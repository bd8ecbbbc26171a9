"""Grades a webhook receiver: runs all checks against its URL and returns the report."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

from mock_alc.base.credentials import new_id
from mock_alc.grading.accepting import ACCEPTING
from mock_alc.grading.check import Check
from mock_alc.grading.diagnosis import mistaken
from mock_alc.grading.expectations import describe
from mock_alc.grading.probes import Probe, ProbeFactory, SlowBody
from mock_alc.grading.refusing import REFUSING
from mock_alc.grading.report import FAILED, PASSED, Report, Result
from mock_alc.signing.dialects import STANDARD_WEBHOOKS, Dialect, dialect_named
from mock_alc.signing.standard_webhooks import PREFIX, new_secret
from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.http_client import Call

SECONDS = 15.0
Send = Callable[[Probe], Answer]


class NotReached(Exception):
    """No server answers at the URL; the message says what happened."""


def checks_of(dialect: Dialect) -> list[Check]:
    """Return the checks that make sense in a dialect, in its words."""
    return [check.worded(dialect) for check in (*ACCEPTING, *REFUSING) if check.applies(dialect)]


def grade(
    url: str, secret: str, *, dialect: str = STANDARD_WEBHOOKS.name, record_id: str | None = None,
    lead_id: str | None = None, seconds: float = SECONDS, only: Sequence[str] = (),
) -> Report:  # fmt: skip
    """Send all probes, or those of the checks named by `only`, to `url` and return the report.

    `secret` is the receiver's. The bodies carry `record_id` and, for ALC, `lead_id`, or made-up ids. `seconds` is how
    long to wait for one answer. Raises: NotReached if no server answers, UnknownDialect, UnusableSecret.
    """
    row = dialect_named(dialect)

    def send(probe: Probe) -> Answer:
        call = Call(allow_loopback=True, allow_any_address=True, total_seconds=seconds + probe.seconds)
        body = SlowBody(probe.body, probe.seconds) if probe.seconds else probe.body
        return call.post(url, body, dict(probe.headers), method=probe.method)  # type: ignore[arg-type]  # requests reads it

    tidy = row.secret.tidy(secret)
    factory = ProbeFactory(tidy, row, record_id=record_id or str(uuid4()), lead_id=lead_id or new_id("lead"))
    _require_answer(url, send(factory.probe()))
    answered: list[Answer] = []

    def send_and_record(probe: Probe) -> Answer:
        answered.append(answer := send(probe))
        return answer

    results = [_run(check, factory, send_and_record) for check in checks_of(row) if not only or check.name in only]
    results.append(_check_leaks(factory, answered))
    valid = next((result for result in results if result.name == "valid"), None)
    remarks = _diagnosis(factory, send) if valid and valid.outcome == FAILED else []
    return Report(url, results, remarks)


def _require_answer(url: str, first: Answer) -> None:
    if first.error in ("connection", "unresolvable", "tls"):
        raise NotReached(f"Can't reach a receiver at {urlsplit(url).netloc} ({first.error}). Start it first.")


def _run(check: Check, factory: ProbeFactory, send: Send) -> Result:
    probes = check.probes(factory)
    if all(probe.at_once for probe in probes):
        with ThreadPoolExecutor(len(probes)) as pool:
            answers = list(pool.map(send, probes))
    else:
        answers = [send(probe) for probe in probes]
    complaint = check.expectation(answers)
    return Result(
        check.name,
        check.title,
        FAILED if complaint else PASSED,
        check.why,
        check.remedy,
        [probe.label for probe in probes],
        [describe(answer) for answer in answers],
        complaint or "",
    )


def _check_leaks(factory: ProbeFactory, answers: Sequence[Answer]) -> Result:
    """Check that no answer contained the secret or a stack trace."""
    parts = (factory.secret, factory.secret.removeprefix(PREFIX), "Traceback (most recent call last)")
    leaks = [describe(answer) for answer in answers if any(part in answer.body for part in parts)]
    return Result(
        "discreet",
        "reveals no secrets in its answers",
        FAILED if leaks else PASSED,
        "Anyone can send a request and read the answer. It must not contain a stack trace or a secret.",
        "Answer refusals with an empty body, or always with the same one.",
        ["(checked in every answer)"],
        leaks[:1],
        "An answer contained the secret or a stack trace." if leaks else "",
    )


def _diagnosis(factory: ProbeFactory, send: Send) -> list[str]:
    """Explain why a valid delivery was refused: try deliveries made with the receiver's likely mistakes."""
    if not _refuses(send, factory.probe(secrets=[new_secret()])):
        return []  # It lets any signature pass, so a mistake that passes proves nothing.
    if not _refuses(send, factory.probe()):
        return ["It does not refuse the signature, but fails afterwards. Its log says why."]
    found = [sentence for sentence, probe in mistaken(factory) if not _refuses(send, probe)]
    return found or ["No common mistake explains it. Check that the receiver has this secret."]


def _refuses(send: Send, probe: Probe) -> bool:
    """Return whether the answer is a refusal; a receiver that breaks has got past the signature."""
    status = send(probe).status
    return status is None or 400 <= status < 500
