"""The commands of `alc-app`, and the processes they start."""
