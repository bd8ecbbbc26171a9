"""`scripts/bench intake`: how many deliveries a second are stored, beside servers that do less or do it plainly."""
