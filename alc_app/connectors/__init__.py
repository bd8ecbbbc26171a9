"""Connectors: how subscriptions at a service are made, read, refreshed and ended."""
