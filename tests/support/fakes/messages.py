"""A webhook message of ALC's or Attio's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Request(NamedTuple):
    """A message as it goes over the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Message:
    """One message for one webhook. It is sent until it is answered with a 2xx or a 410, or its sender gives up."""

    webhook_id: str
    id: str
    body: bytes
    answers: list[int] = field(default_factory=list)
    is_lost: bool = False
    """Has its sender given up?"""

    @property
    def is_taken(self) -> bool:
        """Has it been answered with a 2xx?"""
        return 200 in self.answers

    @property
    def waits(self) -> bool:
        """Will it be sent again?"""
        return not self.is_lost and not {200, 410} & set(self.answers)
