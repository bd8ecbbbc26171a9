"""`python -m mock_alc` is `mock-alc`."""

from mock_alc.cli import main

main()
