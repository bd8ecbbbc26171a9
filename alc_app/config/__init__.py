"""The settings, and the files in the home that belong to them."""
