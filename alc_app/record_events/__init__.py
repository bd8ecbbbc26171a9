"""Handlers for events of records in the CRM: one handler a file, named in alc_app/app.py."""
