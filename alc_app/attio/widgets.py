"""Record widgets: a card of the app on a record page, rendered again whenever the record changes.

docs.attio.com/sdk/extensions/record-widget, npm `attio` 1.0.4 `client/record-widget.d.ts` and
`client/components/widget*.d.ts`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from alc_app.attio.effects import Effect

BadgeColor = Literal[
    "amber", "blue", "cyan", "green", "grey", "lavender", "lime", "orange", "pink", "purple", "red", "yellow"
]


@dataclass(frozen=True)
class Badge:
    """`Widget.Decoration` with a `Badge` in it."""

    text: str
    color: BadgeColor = "grey"


@dataclass(frozen=True)
class Link:
    """A link to another site."""

    label: str
    href: str


@dataclass(frozen=True)
class TranscriptLine:
    """A message of a chat."""

    speaker: str
    text: str
    is_theirs: bool
    """Whether the person on whose record it is shown has written it."""


@dataclass(frozen=True)
class TextWidget:
    """`Widget.TextWidget`: a title, two texts and a decoration. The link and the transcript are ours."""

    title: str
    primary: str
    secondary: str = ""
    decoration: Badge | None = None
    link: Link | None = None
    transcript: Sequence[TranscriptLine] = ()


@dataclass(frozen=True)
class RecordWidget:
    """A widget of the manifest. `widget` may run queries, and call server functions that are not durable."""

    id: str
    label: str
    widget: Callable[[str], Coroutine[Effect, Any, TextWidget]]
    objects: str | None = None
    """The slug of the object whose records show it; None shows it on every object."""
