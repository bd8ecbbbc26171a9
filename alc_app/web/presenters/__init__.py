"""Convert rows and records into what the pages show."""
