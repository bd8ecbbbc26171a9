"""Migrations of the inbox of deliveries, which has its own database file on SQLite."""
