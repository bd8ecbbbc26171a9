"""*Why?*: a paragraph over this app, ALC and the CRM that says why a record has its status, and what happens next."""
