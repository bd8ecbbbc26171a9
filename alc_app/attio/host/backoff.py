"""How long to wait until what has failed is tried again. Ours: Attio's platform does its own waiting."""

QUARTER_OF_AN_HOUR = 900.0
DOUBLINGS = 30
"""More than any `longest` needs, and few enough that the number never overflows, however long nobody answers."""


def backoff(tries: int, first: float, longest: float = QUARTER_OF_AN_HOUR) -> float:
    """Seconds until the next try, after so many have failed: `first`, then twice as long each time, up to `longest`."""
    return min(first * 2.0 ** min(tries - 1, DOUBLINGS), longest)
