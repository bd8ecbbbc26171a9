"""What is different between two answers, apart from what differs between any two workspaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alc_app.cli.compare_attio.calls import Call, Path
from alc_app.cli.compare_attio.player import Answer, pick

OF_A_WORKSPACE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "an id"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"), "a time in nanoseconds"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "a time"),
    (re.compile(r"[0-9a-f]{64}"), "a secret"),
    (re.compile(r"compare-[0-9a-f]{12}"), "the mark"),
)
ADDRESS = re.compile(r"https://app\.attio\.com/\S*")
NOTHING = object()


def differences(call: Call, real: Answer, stand_in: Answer) -> list[str]:
    """Return a sentence for each difference; none if the two are alike."""
    if real.not_made or stand_in.not_made:
        who, answer = ("the workspace", real) if real.not_made else ("the stand-in", stand_in)
        return [] if real.not_made and stand_in.not_made else [f"Skipped at {who}: {answer.not_made}."]
    if real.status != stand_in.status:
        return [f"Attio answers {_told(real)}, the stand-in {_told(stand_in)}."]
    parts: tuple[Path, ...] = call.parts if real.status < 300 else ((),)
    return [line for part in parts for line in _compare(_at(real, part), _at(stand_in, part), _spell(part))]


def _told(answer: Answer) -> str:
    code = answer.body.get("code") if isinstance(answer.body, dict) else None
    message = answer.body.get("message") if isinstance(answer.body, dict) else None
    return f"{answer.status}" + (f" ({code}: {message})" if code else "")


def _at(answer: Answer, path: Path) -> Any:
    return next(pick(answer.body, path), NOTHING)


def _compare(real: Any, stand_in: Any, where: str) -> Iterator[str]:
    if isinstance(real, dict) and isinstance(stand_in, dict):
        for key in {**real, **stand_in}:
            yield from _compare(real.get(key, NOTHING), stand_in.get(key, NOTHING), f"{where}.{key}".lstrip("."))
    elif isinstance(real, list) and isinstance(stand_in, list) and len(real) == len(stand_in):
        for number, pair in enumerate(zip(real, stand_in, strict=True)):
            yield from _compare(*pair, f"{where}[{number}]")
    elif _general(real) != _general(stand_in):
        yield f"{where or 'The body'}: Attio has {_shown(real)}, the stand-in {_shown(stand_in)}."


def _general(value: Any) -> Any:
    """Replace what is of one workspace: ids, times, secrets and links."""
    if not isinstance(value, str):
        return value
    for pattern, word in OF_A_WORKSPACE:
        value = pattern.sub(f"<{word}>", value)
    return ADDRESS.sub("<a link>", value)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} items"
    return "nothing" if value is NOTHING else repr(_general(value)) if isinstance(value, str) else str(value)


def _spell(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
