"""Errors that may cross from the server runtime to the client: by name and message, never by pickle.

The tutorial's warning: "everything passed to, returned from, or thrown by server functions MUST be
serializable". Each error here can be turned into JSON and back, class included.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self


class SerializableError(Exception):
    """Base of every error that an app may throw across the border between the two runtimes."""

    by_name: ClassVar[dict[str, type[SerializableError]]] = {}

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, when it did."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        SerializableError.by_name[cls.__name__] = cls

    def to_json(self) -> dict[str, Any]:
        """What crosses the border: the class's name, the message and the wait that was asked for."""
        return {"name": type(self).__name__, "message": self.message, "retry_after": self.retry_after}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SerializableError:
        """The error that was thrown on the other side; a name unknown here keeps its message."""
        kind = cls.by_name.get(data["name"], ServerFunctionError)
        return kind(data["message"], retry_after=data.get("retry_after"))

    def because(self, cause: BaseException) -> Self:
        """This error with its cause attached, for the log."""
        self.__cause__ = cause
        return self


class ServerFunctionError(SerializableError):
    """A server function failed in a way that nobody foresaw; the log has the details."""


class ServerFunctionTimeout(SerializableError):
    """A server function is still at work; it goes on, but the caller has waited long enough."""


class QueryError(SerializableError):
    """A GraphQL query could not be answered."""


class FetchError(SerializableError):
    """`fetch()` got no whole answer."""


class FetchNotSent(FetchError):
    """The request never reached the other side: no connection was made."""


class FetchRefused(FetchNotSent):
    """The request was not sent, because the other side is known to refuse our key."""


class FetchAnswerLost(FetchError):
    """The request may have been carried out: it was sent, and no whole answer came back."""
