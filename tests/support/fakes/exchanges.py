"""The exchange log of a `FakeWorkspace`: a test writes messages, and they are worded as the real log words them."""

from __future__ import annotations

from typing import Any

from alc_app.pages.sequence import describe

Message = dict[str, Any]


class FakeExchanges:
    """An append-only list of messages."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def after(self, number: int) -> list[Message]:
        return self.messages[number:]

    def note(self, label: str) -> None:
        self.add("User", "Attio UI", label)

    def add(self, sender: str, receiver: str, label: str, *, kind: str = "call", call: str = "", **more: Any) -> None:
        """Write a message; `trace_id` names another run than the usual one, the rest is its detail."""
        message = {"trace_id": more.pop("trace_id", "t1"), "kind": kind, "call": call, "label": label}
        between = {"sender": sender, "receiver": receiver, "detail": more}
        self.messages.append(describe({"id": len(self.messages) + 1, "at": 1.0, **message, **between}))

    def add_call(self, sender: str, receiver: str, label: str, answer: str = "returns", **more: Any) -> None:
        """Write a call with its answer; `request` and `arguments` belong to the call, the rest to the answer."""
        call = f"c{len(self.messages)}"
        trace = {"trace_id": more.pop("trace_id", "t1")}
        asked = {name: more.pop(name) for name in ("request", "arguments") if name in more}
        self.add(sender, receiver, label, call=call, **asked, **trace)
        self.add(receiver, sender, answer, kind="answer", call=call, **more, **trace)
