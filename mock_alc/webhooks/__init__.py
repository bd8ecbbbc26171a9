"""Registered webhooks and their deliveries."""
