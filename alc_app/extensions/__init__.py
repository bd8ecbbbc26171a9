"""The app's bulk record action and record widget, each with its server function."""
