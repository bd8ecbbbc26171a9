"""Errors that can be sent from the server runtime to the client, as JSON with their class name and message.

The tutorial's warning: "everything passed to, returned from, or thrown by server functions MUST be
serializable".
"""

from __future__ import annotations

from typing import Any, ClassVar, Self


class SerializableError(Exception):
    """Base of every error that an app may throw from the server runtime to the client."""

    by_name: ClassVar[dict[str, type[SerializableError]]] = {}

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Make an error with a message for the user, and the seconds that the other side asked us to wait."""
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Register the class, so that `from_json` finds it by its name."""
        super().__init_subclass__(**kwargs)
        SerializableError.by_name[cls.__name__] = cls

    def to_json(self) -> dict[str, Any]:
        """Return the class name, the message and `retry_after` as JSON."""
        return {"name": type(self).__name__, "message": self.message, "retry_after": self.retry_after}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SerializableError:
        """Rebuild an error from `to_json`. A class unknown here becomes a ServerFunctionError with the same message."""
        kind = cls.by_name.get(data["name"], ServerFunctionError)
        return kind(data["message"], retry_after=data.get("retry_after"))

    def because(self, cause: BaseException) -> Self:
        """Attach the cause, for the log, and return this error."""
        self.__cause__ = cause
        return self


class ServerFunctionError(SerializableError):
    """A server function failed unexpectedly; the log has the details."""


class ServerFunctionTimeout(SerializableError):
    """A server function takes longer than its caller waits. It goes on running."""


class QueryError(SerializableError):
    """A GraphQL query could not be answered."""


class FetchError(SerializableError):
    """`fetch()` got no complete answer."""


class FetchNotSent(FetchError):
    """The request was not sent: no connection was made."""


class FetchRefused(FetchNotSent):
    """The request was not sent, because the server is known to reject our token."""


class FetchMustWait(FetchNotSent):
    """The request was not sent, because its turn comes only after `retry_after` seconds."""


class FetchAnswerLost(FetchError):
    """The request was sent and may have been carried out, but no complete answer came back."""


class FetchTooLarge(FetchAnswerLost):
    """The answer is larger than this app reads; the request may have been carried out. The message has the limit."""
