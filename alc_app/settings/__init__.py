"""The app's workspace settings: their schema, their page and their defaults."""
