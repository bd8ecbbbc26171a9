"""Finds the requests or deliveries that a test expects; otherwise fails with what differs in the nearest ones.

Pure functions on the JSON of the control API.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import methodcaller
from typing import Any

__tracebackhide__ = methodcaller("errisinstance", AssertionError)
"""pytest reads this: it hides these frames for an AssertionError, but shows them for a bug in this module."""
SHOWN = 8
WIDEST = 300


class NotFound(AssertionError):
    """What the test expected was not found; the message shows the nearest ones."""


def require_matches(
    what: str,
    wanted: Mapping[str, Any],
    seen: Sequence[dict[str, Any]],
    times: int | None,
    why_none: Callable[[], str] = str,
) -> list[Any]:
    """Return the items of `seen` that have every field of `wanted`.

    Raises NotFound if there is none, or if `times` is given and there are not exactly that many. If `seen` is empty,
    its message ends with what `why_none` returns.
    """
    fitting = [one for one in seen if not differences(wanted, one)]
    if len(fitting) == times or (times is None and fitting):
        return fitting
    raise NotFound(_message(what, wanted, seen, fitting, times) + ("" if seen else why_none()))


def differences(wanted: Mapping[str, Any], one: Any, where: str = "") -> list[str]:
    """Describe each field of `wanted` that `one` lacks or has with another value; other fields are ignored."""
    return list(_differences(wanted, one, where))


def _differences(wanted: Any, one: Any, where: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(one, Mapping):
        for name, value in wanted.items():
            place = f"{where}.{name}" if where else str(name)
            if name in one:
                yield from _differences(value, one[name], place)
            else:
                yield f"{place} is missing (expected {_short(value)})"
    elif wanted != one:
        yield f"{where} is {_short(one)} (expected {_short(wanted)})"


def _message(
    what: str, wanted: Mapping[str, Any], seen: Sequence[dict[str, Any]], fitting: Sequence[Any], times: int | None
) -> str:
    often = "at least once" if times is None else f"{times} time{'' if times == 1 else 's'}"
    lines = [f"Expected {often}, found {len(fitting)} time{'' if len(fitting) == 1 else 's'}: the {what}"]
    lines += [f"    {name}: {_short(value)}" for name, value in wanted.items()]
    if not seen:
        return "\n".join([*lines, f"There was no {what}."])
    plural = f"{what}s" if what != "delivery" else "deliveries"
    lines.append(f"Found {f'were {len(seen)} {plural}' if len(seen) > 1 else f'was 1 {what}'}, the nearest first:")
    for one in sorted(seen, key=lambda one: len(differences(wanted, one)))[:SHOWN]:
        lines.append(f"  * {_title(one)}")
        lines += [f"      {difference}" for difference in differences(wanted, one)] or ["      fits"]
    if len(seen) > SHOWN:
        lines.append(f"  and {len(seen) - SHOWN} more")
    return "\n".join(lines)


def _title(one: Mapping[str, Any]) -> str:
    """Describe a request or a delivery in one line."""
    if "method" in one:
        return f"{one['method']} {one['path']} → {one['status']}   {_short(one['body'])}"
    attempts = ", ".join(str(attempt["status"] or attempt["error"]) for attempt in one["attempts"]) or "no attempt"
    return f"{one['id']} {one['event']} {one['state']} ({attempts})   {_short(one['body'])}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
