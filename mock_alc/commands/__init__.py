"""Commands of `mock-alc` that talk to a running mock, one file each; what they need is imported when they run."""
"""The commands beside `serve`, one file for those that belong together; `mock_alc.cli` hangs them in."""
