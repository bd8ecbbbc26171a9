"""The routes of the stand-in, one resource of Attio's API a file."""
