"""The names of the scenarios of the mock of ALC."""

from mock_alc.scenarios import SCENARIOS

NAMES = list(SCENARIOS)
