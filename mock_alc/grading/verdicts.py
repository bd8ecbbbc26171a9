"""What an answer may be: each judge returns a complaint, or None when there is nothing to complain of."""

from collections.abc import Callable, Sequence

from mock_alc.webhooks.answer import Answer

Judge = Callable[[Sequence[Answer]], str | None]
QUICK = 5.0


def taken(answers: Sequence[Answer]) -> str | None:
    """Every delivery was accepted."""
    for answer in answers:
        if answer.status is None or not 200 <= answer.status < 300:
            return f"It should have been accepted with a 2xx, and was answered: {shown(answer)}."
    return None


def refused(answers: Sequence[Answer]) -> str | None:
    """Every delivery was refused, in a way that neither crashes nor switches the webhook off."""
    for answer in answers:
        if problem := _refusal_problem(answer):
            return problem
    return None


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


def not_broken(answers: Sequence[Answer]) -> str | None:
    """Accepted or refused, but answered in good order."""
    for answer in answers:
        if answer.status is None or answer.status >= 500 or 300 <= answer.status < 400:
            return f"A 4xx was due (or a 2xx, to drop it), and this came: {shown(answer)}. The sender will try again."
    return None


def turned_away(answers: Sequence[Answer]) -> str | None:
    """Refused with a 4xx, or by hanging up before all was sent."""
    [answer] = answers
    return None if answer.error == "connection" else _refusal_problem(answer)


def not_a_page(answers: Sequence[Answer]) -> str | None:
    """A GET finds nothing that works."""
    [answer] = answers
    if answer.status is None or answer.status < 400 or answer.status >= 500:
        return f"A GET should be answered 405 (or 404); it was answered: {shown(answer)}."
    return None


def quick(answers: Sequence[Answer]) -> str | None:
    """Accepted, and soon."""
    slowest = max(answer.milliseconds for answer in answers) / 1000
    if slowest > QUICK:
        return f"The slowest answer took {slowest:.1f} s; senders give up after 10 to 15 s, and {QUICK:g} s is a lot."
    return taken(answers)


def shown(answer: Answer) -> str:
    """Say in short what came back."""
    text = " ".join(answer.body.split())[:80]
    what = f"{answer.status}" if answer.status is not None else f"no answer ({answer.error})"
    return f"{what} {text}".strip()
