"""Joins the runtime, the pages and the labs into one Flask app."""
