"""Checks of a running installation."""
