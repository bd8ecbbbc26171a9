"""Strict JSON: one object in UTF-8, without repeated keys, NaN or deep nesting, which `json` accepts (R9)."""

import json
from typing import Any, NoReturn

DEEPEST = 32


class NotStrictJson(ValueError):
    """The bytes are not a strict JSON object; the message says why."""


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the object in `raw`; raise NotStrictJson, and no other error."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except NotStrictJson:
        raise
    except UnicodeError as error:
        raise NotStrictJson("The body must be UTF-8 text without lone surrogates.") from error
    except (ValueError, RecursionError) as error:
        raise NotStrictJson("The body must be valid JSON with numbers of a sensible size.") from error
    if not isinstance(value, dict):
        raise NotStrictJson("The body must be a JSON object.")
    if _depth(value) > DEEPEST:
        raise NotStrictJson(f"The body must not be nested deeper than {DEEPEST} levels.")
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotStrictJson("The body must not repeat a key.")
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise NotStrictJson("The body must not contain NaN or Infinity, which are not JSON.")


def _depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, children), default=0)
