"""The result of one HTTP request; a module of its own, because `http_client` takes long to import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The response to one request, or the reason why there is none: exactly one of `status` and `error` is set."""

    status: int | None = None
    error: str | None = None
    milliseconds: int = 0
    body: str = ""
    retry_after: str | None = None
