"""Verifies deliveries, as Standard Webhooks says. A library does it as well."""

import base64
import hashlib
import hmac
import time


def is_signed(body, headers, secret):
    """Tell whether ALC has signed a delivery in the last five minutes."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    right = b"v1," + base64.b64encode(mac)
    return any(hmac.compare_digest(right, each.encode()) for each in headers.get("webhook-signature", "").split())
