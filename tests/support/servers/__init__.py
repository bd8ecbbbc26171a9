"""Real servers for tests, and what they need: processes, ports, Postgres and browsers."""
