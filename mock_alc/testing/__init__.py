"""What a test holds in its hands: a running mock with verbs. The fixtures of `mock_alc.pytest_plugin` hand it out."""
