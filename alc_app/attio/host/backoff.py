"""How long to wait before a retry. Ours: Attio's platform does its own retries."""

QUARTER_OF_AN_HOUR = 900.0
DOUBLINGS = 30
"""More than any `longest` needs, and few enough that the number never overflows."""


def backoff(tries: int, first: float, longest: float = QUARTER_OF_AN_HOUR) -> float:
    """Return the seconds to wait after so many failed tries: `first`, doubled with each one, up to `longest`."""
    return min(first * 2.0 ** min(tries - 1, DOUBLINGS), longest)
