"""The rows of the stand-in, and what announces their changes."""
