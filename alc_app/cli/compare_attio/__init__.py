"""`alc-app compare-attio`: the same calls at a real workspace and at the stand-in, and what is different."""
