"""What a new stand-in contains: the schema and some people."""
