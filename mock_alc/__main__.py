"""Makes `python -m mock_alc` the same as `mock-alc`."""

from mock_alc.commands.cli import main

main()
