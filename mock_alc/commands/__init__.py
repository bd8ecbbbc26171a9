"""Commands of `mock-alc` that talk to a running mock, one file each; what they need is imported when they run."""
