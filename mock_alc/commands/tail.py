"""Prints delivery attempts, one line for each and one for its body."""

import json
from typing import Any

from rich.console import Console
from rich.text import Text

SHOWN = 120


def show(delivery: dict[str, Any], attempt: dict[str, Any], *, as_json: bool = False) -> None:
    """Print one attempt: the time, the event, how it was answered, and the body."""
    if as_json:
        print(json.dumps({**delivery, "attempts": [attempt]}), flush=True)  # noqa: T201 (its output)
        return
    answer = str(attempt["status"] or (attempt["error"] or "in progress").replace("_", " "))
    took = f" {attempt['milliseconds']} ms" if attempt["milliseconds"] is not None else ""
    line = Text.assemble(
        (attempt["at"][11:19], "dim"), "  ",
        (f"{delivery['event']:<17}", "bold"),
        (f"{answer}{took}", _colour(attempt)),
        (f"  attempt {attempt['number']}" if attempt["number"] > 1 else "", "yellow"),
        "  ", (delivery["id"], "dim"),
    )  # fmt: skip
    if delivery["next_attempt_at"]:
        line.append(f"  next at {delivery['next_attempt_at'][:19].replace('T', ' ')}", "yellow")
    body = json.dumps(delivery["body"], ensure_ascii=False)
    Console(highlight=False, soft_wrap=True).print(line, Text(f"\n          {body[:SHOWN]}", "dim"), sep="")


def _colour(attempt: dict[str, Any]) -> str:
    status = attempt["status"]
    return "green" if status is not None and 200 <= status < 300 else "red"
