"""The services that every mock has; a request gets them with `double()`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import current_app

from mock_alc.base.clock import VirtualClock
from mock_alc.double.faults import Faults
from mock_alc.double.operations import Operation
from mock_alc.double.request_log import ReceivedRequests
from mock_alc.double.time_travel import TimeTravel


@dataclass(frozen=True)
class Double:
    """What the shared part of the control API works on; each mock adds services of its own."""

    clock: VirtualClock
    time: TimeTravel
    faults: Faults
    received: ReceivedRequests
    operations: Sequence[Operation]


def double() -> Double:
    """Return the services of the mock that handles the current request: its `app.extensions["double"]`."""
    return cast(Double, current_app.extensions["double"])
