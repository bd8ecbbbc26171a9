"""What every mock of a server needs, and nothing of ALC: faults, a clock, the requests received, and matching.

The Attio stand-in (`alc_app.mock_attio`) uses it too, so this room imports nothing of `mock_alc` but `base`.
"""
