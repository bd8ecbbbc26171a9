"""NAIVE, broken on purpose: the tutorial's webhook handlers."""
