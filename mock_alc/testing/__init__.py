"""A running mock with methods for tests. The fixtures of `mock_alc.pytest_plugin` return it."""
