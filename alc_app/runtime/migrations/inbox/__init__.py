"""The table of deliveries, which has a database file of its own on SQLite."""
