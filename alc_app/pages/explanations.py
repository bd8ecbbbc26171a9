"""Why a person has this status: a paragraph, and a link to where something can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Explanation:
    """The sentences of the paragraph. Each is made of texts and of times, which a page shows in the reader's zone."""

    sentences: Sequence[Sequence[str | datetime]]
    label: str = ""
    href: str = ""
    """A page of this app where something can be done about it, if there is one."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON for the page's script: each part is `{text}` or `{at}`."""
        sentences = [[_part(part) for part in sentence] for sentence in self.sentences]
        return {"sentences": sentences, "label": self.label, "href": self.href}


def _part(part: str | datetime) -> dict[str, str]:
    return {"at": part.isoformat()} if isinstance(part, datetime) else {"text": part}
