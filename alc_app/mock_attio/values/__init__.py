"""How attribute values are read and written, one kind of value a file."""
