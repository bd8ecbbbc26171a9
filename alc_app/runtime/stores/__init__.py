"""What the runtime remembers, one store a file."""
