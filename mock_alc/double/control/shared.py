"""The blueprint of the shared part of the control API."""

from mock_alc.double.control.guard import control_blueprint

shared_api = control_blueprint("double")
