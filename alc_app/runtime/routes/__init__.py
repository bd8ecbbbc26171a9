"""The HTTP routes of the runtime."""
