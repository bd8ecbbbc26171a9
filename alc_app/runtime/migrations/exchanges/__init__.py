"""Migrations of the log of exchanges, which has its own database file on SQLite."""
