"""Runs all checks against one webhook endpoint and makes the report."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

from mock_alc.base.credentials import new_id
from mock_alc.grading.accepting import ACCEPTING
from mock_alc.grading.check import Check
from mock_alc.grading.diagnosis import MISTAKES
from mock_alc.grading.refusing import REFUSING
from mock_alc.grading.report import FAILED, PASSED, Report, Result
from mock_alc.grading.shots import Forge, Shot, SlowBody
from mock_alc.grading.verdicts import shown
from mock_alc.signing.standard_webhooks import PREFIX, new_secret
from mock_alc.webhooks.answer import Answer
from mock_alc.webhooks.http_client import Call

CHECKS = [*ACCEPTING, *REFUSING]
SECONDS = 15.0
Fire = Callable[[Shot], Answer]


class NotReached(Exception):
    """There is nobody at the address; the message says what happened."""


def grade(
    url: str, secret: str, *, record_id: str | None = None, lead_id: str | None = None, seconds: float = SECONDS,
    only: Sequence[str] = (),
) -> Report:  # fmt: skip
    """Post the run at `url` and return the report; raises NotReached. `seconds` is the patience for one answer.

    The bodies tell of `record_id` and `lead_id`, or of a record and a lead of nobody.
    """

    def fire(shot: Shot) -> Answer:
        call = Call(allow_loopback=True, allow_any_address=True, total_seconds=seconds + shot.seconds)
        body = SlowBody(shot.body, shot.seconds) if shot.seconds else shot.body
        return call.post(url, body, dict(shot.headers), method=shot.method)  # type: ignore[arg-type]  # requests reads it

    forge = Forge(secret, record_id=record_id or str(uuid4()), lead_id=lead_id or new_id("lead"))
    _reach(url, fire(forge.shot()))
    answered: list[Answer] = []

    def noted(shot: Shot) -> Answer:
        answered.append(answer := fire(shot))
        return answer

    results = [_run(check, forge, noted) for check in CHECKS if not only or check.name in only]
    results.append(_discreet(forge, answered))
    valid = next((result for result in results if result.name == "valid"), None)
    remarks = _diagnosis(forge, fire) if valid and valid.outcome == FAILED else []
    return Report(url, results, remarks)


def _reach(url: str, first: Answer) -> None:
    if first.error in ("connection", "unresolvable", "tls"):
        raise NotReached(f"Nobody answers at {urlsplit(url).netloc} ({first.error}). Start the receiver first.")


def _run(check: Check, forge: Forge, fire: Fire) -> Result:
    shots = check.shots(forge)
    if all(shot.at_once for shot in shots):
        with ThreadPoolExecutor(len(shots)) as pool:
            answers = list(pool.map(fire, shots))
    else:
        answers = [fire(shot) for shot in shots]
    complaint = check.judge(answers)
    return Result(
        check.name,
        check.title,
        FAILED if complaint else PASSED,
        check.why,
        check.remedy,
        [shot.label for shot in shots],
        [shown(answer) for answer in answers],
        complaint or "",
    )


def _discreet(forge: Forge, answers: Sequence[Answer]) -> Result:
    """Judge what all answers together gave away."""
    parts = (forge.secret, forge.secret.removeprefix(PREFIX), "Traceback (most recent call last)")
    leaks = [shown(answer) for answer in answers if any(part in answer.body for part in parts)]
    return Result(
        "discreet",
        "gives nothing away in its answers",
        FAILED if leaks else PASSED,
        "Answers are read by whoever sent the request: a stack trace or a secret is for nobody of them.",
        "Answer refusals with an empty body, or one that is always the same.",
        ["(looked at in every answer)"],
        leaks[:1],
        "An answer held the secret or a stack trace." if leaks else "",
    )


def _diagnosis(forge: Forge, fire: Fire) -> list[str]:
    """Find out why not even a valid delivery is accepted, by making the receiver's likely mistakes ourselves."""
    found = [sentence for sentence, shots in MISTAKES if _accepts(fire, shots(forge))]
    if found and _accepts(fire, [forge.shot(secrets=[new_secret()])]):
        return []  # It takes anything of this kind, so that nothing was learned.
    return found or ["No usual mistake explains it: is the secret the one that this receiver has?"]


def _accepts(fire: Fire, shots: Sequence[Shot]) -> bool:
    return all(200 <= (fire(shot).status or 0) < 300 for shot in shots)
