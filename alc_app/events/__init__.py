"""Event handlers: what the app does when a connection is added or removed, or a secret is rotated."""
