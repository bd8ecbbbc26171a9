"""One thing that happens on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mock_alc.scenarios.operations import OPERATIONS


@dataclass(frozen=True)
class Happening:
    """The name of an operation (`OPERATIONS`), the number of the person whom it is about, and one of its variants."""

    do: str
    who: int = 1
    how: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as a story has it."""
        return {"do": self.do, "who": self.who, "how": self.how}

    def tell(self) -> str:
        """Return its sentence."""
        return OPERATIONS[self.do].tell(self.how, f"Person {self.who}")
