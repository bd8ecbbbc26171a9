"""Webhook signatures: how each scheme signs, and how it is verified."""
