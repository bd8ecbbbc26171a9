"""W3C Trace Context: a lead keeps the trace of the call that brought it, and its webhooks go on with that one."""

import re
import secrets

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


def go_on(traceparent: str | None) -> str:
    """Return a `traceparent` of the same trace with a span of its own; of a new one, if there is none that is valid."""
    found = _FORM.fullmatch(traceparent or "")
    if found is None or (found[1] == "00" and found[4]):  # Only a later version may have more to say.
        return f"00-{_random(16)}-{_random(8)}-01"
    return f"00-{found[2]}-{_random(8)}-{int(found[3], 16) & 1:02x}"


def id_of(traceparent: str | None) -> str | None:
    """Return the trace's id out of a `traceparent` of ours."""
    return traceparent.split("-")[1] if traceparent else None


def short(traceparent: str | None) -> str:
    """Return how a line of the log ends: enough of the trace's id to find its other lines."""
    return f" {traceparent.split('-')[1][:8]}" if traceparent else ""


def _random(size: int) -> str:
    """Return random hex that is not all zero, which the standard calls invalid."""
    while not int(found := secrets.token_hex(size), 16):
        continue
    return found
