"""Registered webhooks, the outbox of their deliveries, and the sender."""
