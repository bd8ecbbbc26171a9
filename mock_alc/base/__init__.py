"""What all packages use: database, clock, credentials, errors."""
