"""What people do in the CRM, as Attio tells us of it: one handler a file, named in alc_app/app.py."""
