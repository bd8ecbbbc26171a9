"""Workflows: the runner of their steps, and the activations of their triggers."""
