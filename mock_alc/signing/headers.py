"""Reads the three headers of Standard Webhooks, also under other names, and finds what is wrong with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")
MILLISECONDS = 100_000_000_000  # A count of seconds reaches this in the year 5138.
HALF_HOUR, A_DAY = 1_800, 86_400
SLACK = 30


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, and how to fix it; a problem that is not fatal is a warning."""

    code: str
    sentence: str
    remedy: str
    fatal: bool = True


@dataclass(frozen=True)
class SignedHeaders:
    """The values of the three headers; empty if missing."""

    message_id: str
    timestamp: str
    signature: str


def read_headers(headers: Mapping[str, str]) -> tuple[SignedHeaders, list[Problem]]:
    """Return the values and the problems found; a value under a wrong name is a problem, but used."""
    by_name = {name.strip().lower(): value for name, value in headers.items()}
    problems: list[Problem] = []
    values = []
    for name in NAMES:
        value = by_name.get(name)
        if value is None:
            value, problem = _elsewhere(name, by_name)
            problems.append(problem)
        if value != value.strip():
            value = value.strip()
            problems.append(Problem("white_space", f"There is white space around {name}.", "Strip it.", fatal=False))
        values.append(value)
    found = SignedHeaders(*values)
    if "." in found.message_id:
        sentence = "The webhook-id holds a full stop, so that what is signed can be read in two ways."
        problems.append(Problem("id_with_full_stop", sentence, "Make ids without full stops.", fatal=False))
    return found, problems


def _elsewhere(name: str, by_name: Mapping[str, str]) -> tuple[str, Problem]:
    """Return the header's value under a name that other libraries or frameworks use, and the problem."""
    bare = name.removeprefix("webhook-")
    others = (
        f"svix-{bare}", f"x-webhook-{bare}", name.replace("-", "_"), f"http_webhook_{bare}",
        f"http-webhook-{bare}", f"x-{bare}", f"x-acme-{bare}", bare,
    )  # fmt: skip
    for other in others:
        if other in by_name:
            sentence = f"The header {name} is missing; {other} is there instead."
            return by_name[other], Problem("wrong_header", sentence, f"Name the header {name}.")
    remedy = f"Send {name}; behind a proxy, see that it lets the header through."
    return "", Problem("missing_header", f"The header {name} is missing.", remedy)


def timestamp_problems(timestamp: str, now: float, tolerance: int) -> list[Problem]:
    """Return what is wrong with the timestamp, at most one problem; `now` and `tolerance` are in seconds."""
    remedy = "Send the Unix time in whole seconds, of the moment of this very attempt."
    if not timestamp:
        return []  # `read_headers` has reported it.
    if not re.fullmatch("[0-9]{1,15}", timestamp):
        sentence = f"The timestamp {timestamp[:40]!r} is not a whole number of seconds."
        return [Problem("timestamp_not_seconds", sentence, remedy)]
    if int(timestamp) > MILLISECONDS:
        return [Problem("timestamp_in_milliseconds", "The timestamp counts milliseconds.", remedy)]
    off = int(timestamp) - now
    if abs(off) <= tolerance:
        return []
    where = "in the future" if off > 0 else "old"
    sentence = f"The timestamp is {_span(abs(off))} {where}; {tolerance} seconds are allowed."
    return [Problem("future" if off > 0 else "stale", sentence, _clock_remedy(off, remedy))]


def _clock_remedy(off: float, remedy: str) -> str:
    zones, rest = divmod(abs(off) + SLACK, HALF_HOUR)
    if 0 < zones <= A_DAY / HALF_HOUR and rest <= 2 * SLACK:
        return f"It is off by almost exactly {_span(zones * HALF_HOUR)}: local time was taken for UTC. {remedy}"
    if off > 0:
        return f"Set one of the two clocks right (NTP). {remedy}"
    return f"Each retry needs a timestamp and a signature of its own; if this one is new, look at both clocks. {remedy}"


def _span(seconds: float) -> str:
    """Return a duration as text, such as `2 hours`."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or seconds == size:
            number = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{number} {unit}" if number == "1" else f"{number} {unit}s"
    return f"{seconds:.0f} seconds"
