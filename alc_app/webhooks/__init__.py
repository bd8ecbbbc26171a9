"""Webhook handlers: one file for each event that the outside service sends us."""
