"""The scenarios that the mock knows, by name."""

from mock_alc.scenarios import SCENARIOS

NAMES = list(SCENARIOS)
