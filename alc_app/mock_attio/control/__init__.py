"""The stand-in's own part of the control API `/_mock`: reset, seed, tokens, deliveries. For this machine only."""

from alc_app.mock_attio.control import deliveries, tokens, workspace
from alc_app.mock_attio.control.blueprint import control_api

__all__ = ["control_api", "deliveries", "tokens", "workspace"]
