"""What the app remembers: leads, and what the records in the CRM show."""
