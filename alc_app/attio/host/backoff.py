"""How long to wait before a retry. Ours: Attio's platform does its own retries."""

import random

QUARTER_OF_AN_HOUR = 900.0
DOUBLINGS = 30
"""More than any `longest` needs, and few enough that the number never overflows."""
JITTER = 0.25
"""The share of a wait that is left to chance, so that what has failed together is not tried again together."""


def backoff(tries: int, first: float, longest: float = QUARTER_OF_AN_HOUR) -> float:
    """Return the seconds to wait after so many failed tries: `first`, doubled with each one, up to `longest`.

    It may be shorter by the jitter, and is never longer.
    """
    wait = min(first * 2.0 ** min(tries - 1, DOUBLINGS), longest)
    return wait * random.uniform(1 - JITTER, 1)  # noqa: S311 - nothing secret
