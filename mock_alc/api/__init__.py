"""The JSON API of ALC: leads and webhooks."""
