"""The HTTP routes, one file for each resource of Attio's API."""
