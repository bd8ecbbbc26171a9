"""The shape of one check of a receiver."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mock_alc.grading.expectations import Expectation
from mock_alc.grading.probes import Probe, ProbeFactory
from mock_alc.signing.dialects import Dialect


@dataclass(frozen=True)
class Check:
    """What to send, what to expect of the answers, why it matters, and how to fix a failure.

    The texts may name what differs between dialects: `{id}`, `{timestamp}`, `{signature}`, `{signs}`, `{key}`.
    """

    name: str
    title: str
    probes: Callable[[ProbeFactory], list[Probe]]
    expectation: Expectation
    why: str
    remedy: str
    applies: Callable[[Dialect], bool] = lambda _dialect: True
    """Whether the check makes sense in a dialect."""

    def worded(self, dialect: Dialect) -> "Check":
        """Return the check with the words of a dialect in its texts."""
        words = {"id": "the id in the body", "timestamp": "the timestamp", **dialect.header_names}
        words |= {"signs": dialect.signs, "key": dialect.secret.remedy, "prefix": dialect.prefix}
        texts = {name: getattr(self, name).format(**words) for name in ("title", "why", "remedy")}
        return replace(self, **texts)


def has_timestamp(dialect: Dialect) -> bool:
    """Return whether deliveries grow old."""
    return dialect.tolerance is not None


def takes_several(dialect: Dialect) -> bool:
    """Return whether a delivery may carry several signatures."""
    return bool(dialect.separator)
