"""The Flask app: login, hooks before and after each request, the HTTP server."""
