"""The stores of the runtime: one class for each kind of data, one file each."""
