"""Settings, and the files of the home that keep them."""
