"""The control API `/_mock`: resets and inspects the mock, moves its clock, sets faults. For this machine only."""

from mock_alc.control import clock, credentials, deliveries, faults, leads, requests, scenarios, seed, state
from mock_alc.control.guard import control_api

__all__ = [
    "clock",
    "control_api",
    "credentials",
    "deliveries",
    "faults",
    "leads",
    "requests",
    "scenarios",
    "seed",
    "state",
]
