"""Clients for the API of ALC and the API of Attio."""
