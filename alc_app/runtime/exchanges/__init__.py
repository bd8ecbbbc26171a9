"""The log of HTTP exchanges that the pages draw."""
