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
            return f"The receiver should accept this with a 2xx. It answered: {describe(answer)}."
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
            return f"The receiver accepted it ({answer.status}), although the sender does not sign like this."
    return expect_refused(answers)


def _refusal_problem(answer: Answer) -> str | None:
    status = answer.status
    if status is None:
        return f"The receiver should refuse this with a 4xx. It did not answer: {answer.error}."
    if 200 <= status < 300:
        return f"The receiver accepted it ({status}). Anyone who knows the address could have sent it."
    if status >= 500:
        return f"The receiver failed ({status}). It should refuse this with 401 or 400."
    if status == 410:
        return "It answered 410 Gone, which tells the sender to disable the webhook. A forger could do that."
    if status < 400:
        return f"It answered {status}. A refusal is a 4xx."
    return None


def expect_no_failure(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be answered 2xx or 4xx."""
    for answer in answers:
        if answer.status is None or answer.status >= 500 or 300 <= answer.status < 400:
            return (
                f"The receiver should answer 4xx (or 2xx, to drop it). It answered: {describe(answer)}. The sender "
                f"will retry."
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
        return f"A GET should get 405 (or 404). The receiver answered: {describe(answer)}."
    return None


def expect_quick_answers(answers: Sequence[Answer]) -> str | None:
    """Expect every delivery to be answered 2xx within `QUICK` seconds."""
    slowest = max(answer.milliseconds for answer in answers) / 1000
    if slowest > QUICK:
        return f"The slowest answer took {slowest:.1f} s; {QUICK:g} s is the limit here; senders give up at 10 to 15 s."
    return expect_accepted(answers)


def describe(answer: Answer) -> str:
    """Return the status, or the error, and the start of the body; a terminal obeys nothing that is in it."""
    start = " ".join(answer.body.split())[:80]
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in start)
    what = f"{answer.status}" if answer.status is not None else f"no answer ({answer.error})"
    return f"{what} {text}".strip()
