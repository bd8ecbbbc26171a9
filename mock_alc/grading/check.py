"""The shape of one check of a receiver."""

from collections.abc import Callable
from dataclasses import dataclass

from mock_alc.grading.expectations import Expectation
from mock_alc.grading.probes import Probe, ProbeFactory


@dataclass(frozen=True)
class Check:
    """What to send, what to expect of the answers, why it matters, and how to fix a failure."""

    name: str
    title: str
    probes: Callable[[ProbeFactory], list[Probe]]
    expectation: Expectation
    why: str
    remedy: str
