"""The tables of the runtime and of the app."""
