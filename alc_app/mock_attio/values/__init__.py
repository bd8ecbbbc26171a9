"""Read and write attribute values; one file for each group of attribute types."""
