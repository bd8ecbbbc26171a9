"""The blueprint of the stand-in's own part of the control API."""

from mock_alc.double.control.guard import control_blueprint

control_api = control_blueprint("mock")
