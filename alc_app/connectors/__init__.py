"""Connectors: how subscriptions at a service are created, read, refreshed and deleted."""
