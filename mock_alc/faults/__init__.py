"""Fault injection: faults that a test sets at `/_mock/faults`, in the answers of ALC and in its deliveries.

`fault` defines what a fault can be, `store` holds the active ones and counts, `payloads` applies them to deliveries,
and `mock_alc.web.fault_answers` applies them to requests.
"""
