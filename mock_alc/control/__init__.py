"""ALC's own part of the control API `/_mock`: resets and inspects the mock. For this machine only."""

from mock_alc.control import credentials, deliveries, leads, scenarios, seed, state, webhooks
from mock_alc.control.blueprint import control_api

__all__ = ["control_api", "credentials", "deliveries", "leads", "scenarios", "seed", "state", "webhooks"]
