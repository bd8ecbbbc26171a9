"""Reads id, timestamp and signature from the headers, also under other names, and finds what is wrong with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mock_alc.signing.dialects import DIALECTS, Dialect

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
    """What the headers say; empty if missing. `signatures` are the parts of the header `signature`."""

    message_id: str
    timestamp: str
    signature: str
    signatures: tuple[str, ...]


def read_headers(headers: Mapping[str, str], dialect: Dialect) -> tuple[SignedHeaders, list[Problem]]:
    """Return the values and the problems found; a value under a wrong name is a problem, but used."""
    by_name = {name.strip().lower(): value for name, value in headers.items()}
    problems: list[Problem] = []
    values = {role: _value(role, name, dialect, by_name, problems) for role, name in dialect.header_names.items()}
    parts = tuple(values["signature"].split(dialect.separator or None))
    stamps = [part for part in parts if dialect.timestamp_prefix and part.startswith(dialect.timestamp_prefix)]
    if dialect.timestamp_prefix and values["signature"] and not stamps:
        sentence = f"The header {dialect.signature_header} has no timestamp."
        problems.append(
            Problem("missing_timestamp", sentence, f"Start it with {dialect.timestamp_prefix} and the time.")
        )
    stamp = stamps[0].removeprefix(dialect.timestamp_prefix) if stamps else _any_timestamp(by_name)
    found = SignedHeaders(
        values.get("id", ""),
        values.get("timestamp", stamp),
        values["signature"],
        tuple(part for part in parts if part not in stamps),
    )
    if "{id}." in dialect.content and "." in found.message_id:
        sentence = f"The {dialect.id_header} contains a full stop, which makes the signed string ambiguous."
        problems.append(Problem("id_with_full_stop", sentence, "Use ids without full stops.", fatal=False))
    return found, problems


def _value(role: str, name: str, dialect: Dialect, by_name: Mapping[str, str], problems: list[Problem]) -> str:
    for right in (name, *(dialect.copies if role == "signature" else ())):
        if (value := by_name.get(right.lower())) is not None:
            break
    else:
        value, problem = _elsewhere(role, name, dialect, by_name)
        problems.append(problem)
    if value != value.strip():
        problems.append(Problem("white_space", f"{name} has white space around it.", "Strip it.", fatal=False))
    return value.strip()


def _elsewhere(role: str, name: str, dialect: Dialect, by_name: Mapping[str, str]) -> tuple[str, Problem]:
    """Return the header's value under a name that other senders or frameworks use, and the problem."""
    fatal = role == "signature" or f"{{{role}}}" in dialect.content
    for other in _other_names(role, name.lower()):
        if other in by_name:
            sentence = f"The header {name} is missing; {other} is there instead."
            owners = [row for row in DIALECTS.values() if other in map(str.lower, (row.signature_header, *row.copies))]
            hints = [f" If {row.sender} sent it, choose the dialect {row.name}." for row in owners]
            return by_name[other], Problem("wrong_header", sentence, f"Name the header {name}.{''.join(hints)}", fatal)
    remedy = f"Send {name}. Behind a proxy, check that it passes the header on."
    if not fatal:
        remedy = f"{remedy} It is not signed, but receivers use it to recognize a repeated delivery."
    return "", Problem("missing_header", f"The header {name} is missing.", remedy, fatal)


def _other_names(role: str, name: str) -> tuple[str, ...]:
    others = [row.header_names[role] for row in DIALECTS.values() if role in row.header_names]
    copies = [copy for row in DIALECTS.values() if role == "signature" for copy in row.copies]
    underscored = name.replace("-", "_")
    return (
        f"svix-{role}", f"x-webhook-{role}", underscored, f"http_{underscored}", f"http-{name}", f"x-{name}",
        name.removeprefix("x-"), name.removesuffix("-256"), f"x-{role}", f"x-acme-{role}", role,
        *(other.lower() for other in (*others, *copies)),
    )  # fmt: skip


def _any_timestamp(by_name: Mapping[str, str]) -> str:
    """Return the value of any header that is called a timestamp: a sender may have signed it by mistake."""
    return next((value.strip() for name, value in by_name.items() if name.endswith("timestamp")), "")


def timestamp_problems(timestamp: str, now: float, tolerance: int | None) -> list[Problem]:
    """Return what is wrong with the timestamp, at most one problem; `now` and `tolerance` are in seconds."""
    remedy = "Send the time of this attempt as Unix time in whole seconds."
    if tolerance is None or not timestamp:
        return []  # There is none, or `read_headers` has reported it.
    if not re.fullmatch("[0-9]{1,15}", timestamp):
        sentence = f"The timestamp {timestamp[:40]!r} is not a whole number of seconds."
        return [Problem("timestamp_not_seconds", sentence, remedy)]
    if int(timestamp) > MILLISECONDS:
        return [Problem("timestamp_in_milliseconds", "The timestamp is in milliseconds.", remedy)]
    off = int(timestamp) - now
    if abs(off) <= tolerance:
        return []
    where = "in the future" if off > 0 else "old"
    sentence = f"The timestamp is {_span(abs(off))} {where}; {tolerance} seconds are allowed."
    return [Problem("future" if off > 0 else "stale", sentence, _clock_remedy(off, remedy))]


def _clock_remedy(off: float, remedy: str) -> str:
    zones, rest = divmod(abs(off) + SLACK, HALF_HOUR)
    if 0 < zones <= A_DAY / HALF_HOUR and rest <= 2 * SLACK:
        return f"It is off by almost exactly {_span(zones * HALF_HOUR)}: local time was used as UTC. {remedy}"
    if off > 0:
        return f"Set one of the two clocks right (NTP). {remedy}"
    return f"Each retry needs its own timestamp and signature. If this attempt is new, check both clocks. {remedy}"


def _span(seconds: float) -> str:
    """Return a duration as text, such as `2 hours`."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or seconds == size:
            number = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{number} {unit}" if number == "1" else f"{number} {unit}s"
    return f"{seconds:.0f} seconds"
