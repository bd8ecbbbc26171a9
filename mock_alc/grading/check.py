"""One check of a receiver, and the diagnosis that a failed first check gets."""

from collections.abc import Callable
from dataclasses import dataclass

from mock_alc.grading.shots import Forge, Shot
from mock_alc.grading.verdicts import Judge


@dataclass(frozen=True)
class Check:
    """What to send, how to judge the answers, why it matters and how to mend what it finds."""

    name: str
    title: str
    shots: Callable[[Forge], list[Shot]]
    judge: Judge
    why: str
    remedy: str
