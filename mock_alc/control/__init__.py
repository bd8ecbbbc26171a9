"""The control door `/_mock`: how a test, on this machine only, resets the mock, looks into it and hurries it on."""

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
