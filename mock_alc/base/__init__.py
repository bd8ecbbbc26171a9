"""What every room uses: database, clock, credentials, errors."""
