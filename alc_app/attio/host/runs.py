"""What the engine reports about a durable run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FinishedStep:
    """A finished step of a run: its name, its duration in milliseconds where it is known, and whether it failed."""

    name: str
    ms: float | None
    failed: bool = False
