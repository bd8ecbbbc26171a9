"""NAIVE, broken on purpose: the tutorial's event handlers."""
