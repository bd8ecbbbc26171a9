"""The faults that the stand-in can have: every one of a request but OAuth's, and those of a signed delivery."""

from typing import get_args

from mock_alc.double.fault import DeliveryTrouble, RequestTrouble

PATHS = ("/v2/", "/graphql")
"""Below these paths requests are recorded, and can have faults."""
OF_OAUTH = ("oauth_error", "expired_code", "short_lived_tokens")
NOT_OF_ATTIO = ("rotated_secret", "stale", "future", "to_deleted")
"""Attio rotates no secrets, signs no timestamps, and drops the messages of a webhook with it."""
TROUBLES = tuple(
    trouble
    for trouble in (*get_args(RequestTrouble), *get_args(DeliveryTrouble))
    if trouble not in (*OF_OAUTH, *NOT_OF_ATTIO)
)
