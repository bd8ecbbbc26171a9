"""The part of the control API `/_mock` that every mock has: faults, requests received and the clock."""

from mock_alc.double.control import clock, faults, operations, requests
from mock_alc.double.control.shared import shared_api

__all__ = ["clock", "faults", "operations", "requests", "shared_api"]
