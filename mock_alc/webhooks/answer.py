"""What comes of one attempt: apart from the machinery of HTTP, which takes long to load."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What came back from one request, or why nothing did: exactly one of `status` and `error` is set."""

    status: int | None = None
    error: str | None = None
    milliseconds: int = 0
    body: str = ""
    retry_after: str | None = None
