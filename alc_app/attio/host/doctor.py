"""What an app tells `alc-app doctor`: what can be checked, what can be mended, and what has failed for good.

Nothing of this is in Attio's SDK: there, Attio's own operators look after the servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "unknown"]
"""Unknown: it could not be checked."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, in a whole sentence: with ids, never with names, numbers or secrets."""

    text: str
    subject: str
    """The id of what it is about."""
    level: Level = "error"
    mend: Callable[[], str] | None = None
    """Puts it right and says in a sentence what was done; safe to run twice. None: it takes a person."""


@dataclass(frozen=True)
class Check:
    """One comparison. `find` raises when it cannot be made now, which is then reported as such."""

    name: str
    find: Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class DeadLetter:
    """Work that has ended in failure and that nothing will try again by itself."""

    id: str
    text: str
    """A whole sentence: what has failed."""
    why: str
    since: float
    advice: str = ""
    """What a person can do where trying again by machine is no use; empty: it can be replayed."""


@dataclass(frozen=True)
class DeadLetters:
    """One kind of dead letters, and what a person can do with one, given its id.

    `replay` tries it again and returns a sentence that says so. None: a machine cannot, and each letter's `advice` says
    what a person can do. `dismiss` takes it off the list.
    """

    kind: str
    find: Callable[[], Sequence[DeadLetter]]
    replay: Callable[[str], str] | None
    dismiss: Callable[[str], None]
