"""Migrations of the tables of the runtime and the app."""
