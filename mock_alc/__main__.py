"""`python -m mock_alc` is `mock-alc`."""

from mock_alc.commands.cli import main

main()
