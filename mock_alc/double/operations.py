"""What can happen to a caller of a mock, as data: each operation's sentence, and the faults that it stands for.

A storm plays the operations of ALC, and other programs read them at `GET /_mock/operations`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """One way in which an operation goes: its words, and the faults or values that it stands for."""

    words: str
    values: Mapping[str, Any] = field(default_factory=dict)
    spoils: str = ""
    place: str = ""
    """Both as in `Operation`, where the variant differs."""


@dataclass(frozen=True)
class Operation:
    """One kind of happening. `says` has {who} and {how}."""

    name: str
    says: str
    variants: Mapping[str, Variant] = field(default_factory=lambda: {"": Variant("")})
    weight: int = 1
    """How often it happens, beside the others."""
    then: str = ""
    """What often comes next, for the same person, because it shows what this has done."""
    needs: str = "click"
    spoils: str = ""
    """The request or the event that it is about, unless its fault says so: a route, an event, or "click"."""
    place: str = ""
    """Where it belongs in a day without trouble, such as "before click", "instead of verdict" or "after verdict".

    "before" alone is before whatever makes the request.
    """

    def tell(self, how: str, who: str) -> str:
        """Return the sentence of a variant about a person."""
        return self.says.format(who=who, how=self.variants[how].words.format(who=who))

    def as_json(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each variant. In `says`, {who} stands for the person."""
        for how, variant in self.variants.items():
            yield {
                "do": self.name,
                "how": how,
                "says": self.tell(how, "{who}"),
                "with": dict(variant.values),
                "spoils": variant.spoils or _spoiled_by(variant.values) or self.spoils,
                "place": variant.place or self.place,
            }


def _spoiled_by(values: Mapping[str, Any]) -> str:
    """Return the route or the event of the fault, or an empty text."""
    return str(values.get("route") or values.get("fault", {}).get("delivery", ""))


def answers_to(route: str, done: str) -> dict[str, Variant]:
    """Return what can go wrong with the answer to a request. `done` says what has happened, as a clause."""
    return {
        "lost_after": Variant(f"is lost after {done}", {"route": route, "trouble": "drop", "effect": "done"}),
        "lost_before": Variant(f"is lost before {done}", {"route": route, "trouble": "drop"}),
        "500_after": Variant(f"is a 500, though {done}", {"route": route, "answer": {"status": 500}, "effect": "done"}),
        "503": Variant("is a 503", {"route": route, "answer": {"status": 503}}),
        "429_seconds": Variant(
            "is a 429 with Retry-After: 1", {"route": route, "trouble": "rate_limited", "seconds": 1}
        ),
        "429_date": Variant(
            "is a 429 with a date in Retry-After",
            {"route": route, "trouble": "rate_limited", "seconds": 2, "retry_after_as": "http-date"},
        ),
        "garbage": Variant(f"is no JSON, though {done}", {"route": route, "trouble": "garbage"}),
        "cut": Variant(f"is cut in the middle, though {done}", {"route": route, "trouble": "cut"}),
        "slow": Variant("comes slowly", {"route": route, "trouble": "slow", "seconds": 0.3}),
    }
