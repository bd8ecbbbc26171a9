"""W3C Trace Context: a lead stores the trace of the request that created it, and its webhooks continue it."""

import re
import secrets

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


def continue_trace(traceparent: str | None) -> str:
    """Return a `traceparent` with the same trace id and a new span id; of a new trace if the given one is invalid."""
    found = _FORM.fullmatch(traceparent or "")
    if found is None or (found[1] == "00" and found[4]):  # Only later versions may have more fields.
        return f"00-{_random(16)}-{_random(8)}-01"
    return f"00-{found[2]}-{_random(8)}-{int(found[3], 16) & 1:02x}"


def id_of(traceparent: str | None) -> str | None:
    """Return the trace id in a valid `traceparent`."""
    return traceparent.split("-")[1] if traceparent else None


def log_suffix(traceparent: str | None) -> str:
    """Return the end of a log line: a space and 8 characters of the trace id, or nothing without a trace."""
    return f" {traceparent.split('-')[1][:8]}" if traceparent else ""


def _random(size: int) -> str:
    """Return `size` random bytes in hex, not all zero, which the standard forbids."""
    while not int(found := secrets.token_hex(size), 16):
        continue
    return found
