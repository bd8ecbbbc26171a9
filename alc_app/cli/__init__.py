"""The commands of `alc-app`, and the processes that they start."""
