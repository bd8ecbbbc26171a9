"""The command line `mock-alc`. Imports are made inside the commands, so that `--help` is fast."""
