"""A `Guide` in memory: a test writes the log of exchanges, as the tutorial's words have it."""

from __future__ import annotations

from typing import Any

from alc_app.pages import NotPossible
from alc_app.pages.sequence import tell
from alc_app.pages.tutorial.progress import BEGINS

Message = dict[str, Any]


class FakeGuide:
    """The log, and an ALC that lets everybody in."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.reset()

    def reset(self) -> None:
        """Be as new; the log goes on, as a real one does, and a tour begins in it."""
        self.may_act = True
        self.alc_is_away = False
        if self.messages:
            self.note(BEGINS)

    def messages_after(self, number: int) -> list[Message]:
        return self.messages[number:]

    def note(self, label: str) -> None:
        self.add("User", "Attio UI", label)

    def log_in(self, address: str) -> str:
        if self.alc_is_away:
            raise NotPossible("ALC did not answer.")
        return f"/connections/alc/callback?of={address[:4]}"

    def add(self, sender: str, receiver: str, label: str, *, kind: str = "call", call: str = "", **more: Any) -> None:
        """Write a message; `trace_id` names another run than the usual one, the rest is its detail."""
        message = {"trace_id": more.pop("trace_id", "t1"), "kind": kind, "call": call, "label": label}
        between = {"sender": sender, "receiver": receiver, "detail": more}
        self.messages.append(tell({"id": len(self.messages) + 1, "at": 1.0, **message, **between}))

    def add_call(self, sender: str, receiver: str, label: str, answer: str = "returns", **more: Any) -> None:
        """Write a call with its answer; `request` and `arguments` belong to the call, the rest to the answer."""
        call = f"c{len(self.messages)}"
        trace = {"trace_id": more.pop("trace_id", "t1")}
        asked = {name: more.pop(name) for name in ("request", "arguments") if name in more}
        self.add(sender, receiver, label, call=call, **asked, **trace)
        self.add(receiver, sender, answer, kind="answer", call=call, **more, **trace)
