"""The log of exchanges, which has a database file of its own on SQLite."""
