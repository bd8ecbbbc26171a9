"""What the tutorial asks of the world beside the workspace: the log of exchanges, and a hand."""

from typing import Any, Protocol


class Guide(Protocol):
    """The log that the tour is read from, and what a person does at ALC, done for them."""

    @property
    def may_act(self) -> bool:
        """May steps be done for a person? Never in production, nor where a record is a real one."""

    def messages_after(self, number: int) -> list[dict[str, Any]]:
        """The next messages of the log after a number, the oldest first, each with its `words` and its `step`."""

    def note(self, label: str) -> None:
        """Note in the log what the user did in the browser."""

    def log_in(self, address: str) -> str:
        """Sign in at ALC with the account that its page names, and allow. Returns where ALC sends the browser back to.
        Raises: NotPossible."""
