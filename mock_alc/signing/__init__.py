"""Standard Webhooks signatures: sign, verify and explain."""
