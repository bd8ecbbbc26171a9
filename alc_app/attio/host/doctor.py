"""What an app offers to `alc-app doctor`: checks, repairs, and dead letters.

Nothing of this is in Attio's SDK: there, Attio's own operators run the servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "unknown"]
"""Unknown: the check could not be made."""


@dataclass(frozen=True)
class Finding:
    """A problem, described in a whole sentence: with ids, never with names, phone numbers or secrets."""

    text: str
    subject: str
    """The id of the thing that has the problem."""
    level: Level = "error"
    repair: Callable[[], str] | None = None
    """Repairs it and returns a sentence that says what was done. Safe to run twice. None: a person has to act."""


@dataclass(frozen=True)
class Check:
    """One check. If `find` raises, the doctor reports that the check could not be made."""

    name: str
    find: Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class DeadLetter:
    """Work that has failed and is not retried automatically."""

    id: str
    text: str
    """What has failed, in a whole sentence."""
    why: str
    since: float
    advice: str = ""
    """What a person can do if a replay is no use; empty if it can be replayed."""
    caution: str = ""
    """What a person has to consider before a replay. The doctor and "replay all" leave such a letter alone."""
    record_id: str = ""
    """The person's record that it is about, if any. The text then says "the record" and this id."""

    def text_naming(self, name: str) -> str:
        """Return the text with the person's name instead of the record's id."""
        return re.sub(f"the record {re.escape(self.record_id)}", lambda _: name, self.text, flags=re.IGNORECASE)


@dataclass(frozen=True)
class DeadLetters:
    """One kind of dead letters, and what can be done with one, by its id.

    `replay` tries the work again and returns a sentence that says so. It is None if only a person can do that: then
    each letter has an `advice`. `dismiss` takes a letter off the list.
    """

    kind: str
    find: Callable[[], Sequence[DeadLetter]]
    replay: Callable[[str], str] | None
    dismiss: Callable[[str], None]
