"""The web process: the runtime's routes, the pages and the labs, joined into one Flask app."""
