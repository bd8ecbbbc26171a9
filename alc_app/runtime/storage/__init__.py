"""Databases, tables, locks and sealed values."""
