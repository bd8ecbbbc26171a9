"""What a check may expect of the answers; each function returns a complaint, or None if the answers are fine."""

from collections.abc import Callable, Sequence

from mock_alc.webhooks.answer import Answer

Expectation = Callable[[Sequence[Answer]], str | None]
QUICK = 5.0
"""Seconds."""


def expect_accepted(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be answered 2xx."""
    for answer in answers:
        if answer.status is None or not 200 <= answer.status < 300:
            return f"It should have been accepted with a 2xx, and was answered: {describe(answer)}."
    return None


def expect_refused(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be answered 4xx, but not 410, which would disable the webhook."""
    for answer in answers:
        if problem := _refusal_problem(answer):
            return problem
    return None


def expect_own_scheme_only(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be refused that was signed with the right secret, but in another way."""
    for answer in answers:
        if answer.status is not None and 200 <= answer.status < 300:
            return f"It was accepted ({answer.status}), although the sender does not sign so."
    return expect_refused(answers)


def _refusal_problem(answer: Answer) -> str | None:
    status = answer.status
    if status is None:
        return f"It should have been refused with a 4xx; instead there was no answer: {answer.error}."
    if 200 <= status < 300:
        return f"It was accepted ({status}). Anybody who knows the address could have sent it."
    if status >= 500:
        return f"The receiver broke ({status}) where it should have refused with 401 or 400."
    if status == 410:
        return "It answered 410 Gone, which tells the sender to switch the webhook off: a forger could do that."
    if status < 400:
        return f"It answered {status}; a refusal is a 4xx."
    return None


def expect_no_failure(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be answered 2xx or 4xx."""
    for answer in answers:
        if answer.status is None or answer.status >= 500 or 300 <= answer.status < 400:
            return (
                f"A 4xx was due (or a 2xx, to drop it), and this came: {describe(answer)}. The sender will try again."
            )
    return None


def expect_turned_away(answers: Sequence[Answer]) -> str | None:
    """Expect a 4xx, or a connection that is closed before the whole body was sent."""
    [answer] = answers
    return None if answer.error == "connection" else _refusal_problem(answer)


def expect_no_page(answers: Sequence[Answer]) -> str | None:
    """Expect a GET to be answered 4xx."""
    [answer] = answers
    if answer.status is None or answer.status < 400 or answer.status >= 500:
        return f"A GET should be answered 405 (or 404); it was answered: {describe(answer)}."
    return None


def expect_quick_answers(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be answered 2xx within `QUICK` seconds."""
    slowest = max(answer.milliseconds for answer in answers) / 1000
    if slowest > QUICK:
        return f"The slowest answer took {slowest:.1f} s; senders give up after 10 to 15 s, and {QUICK:g} s is a lot."
    return expect_accepted(answers)


def describe(answer: Answer) -> str:
    """Return the status, or the error, and the start of the body."""
    text = " ".join(answer.body.split())[:80]
    what = f"{answer.status}" if answer.status is not None else f"no answer ({answer.error})"
    return f"{what} {text}".strip()
