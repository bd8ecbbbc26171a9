"""Trouble on demand: faults that a test asks for at `/_mock/faults`, in the answers of ALC and in what it delivers.

`fault` is the vocabulary, `store` remembers what was asked for and counts, `answers` strikes requests,
`parcels` strikes deliveries. A mock without faults behaves as if this package were not there.
"""
