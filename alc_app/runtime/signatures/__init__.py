"""Webhook signatures: verification for each scheme, and diagnosis of what was refused."""
