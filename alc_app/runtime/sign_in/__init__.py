"""Sign-in: who somebody is, what role that gives, and for how long. Attio's host does this for a TypeScript app.

What each role may do is one table: `alc_app/web/who_may.py`.
"""
