"""Faults of deliveries: builds the body and the headers that a fault wants."""
