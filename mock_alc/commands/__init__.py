"""The commands beside `serve`, a file for each kind; what they need is imported when they run."""
