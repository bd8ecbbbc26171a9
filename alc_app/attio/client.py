"""`from "attio/client"`: what a record action may do. Each call is an effect that the browser or the host plays.

Defaults and texts of the parameters: docs.attio.com/sdk/notifications, npm `attio` 1.0.4 `client/*.d.ts`.
"""

from __future__ import annotations

import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from alc_app.attio.effects import Effect, perform
from alc_app.attio.host.errors import SerializableError

Variant = Literal["neutral", "warning", "error", "success"]
ButtonVariant = Literal["primary", "secondary", "secondary-destructive", "destructive"]
INFINITE = None
"""As `duration_ms`: the toast stays until it is hidden."""


class ToastOptions(TypedDict, total=False):
    """What of a toast can be changed while it is shown."""

    title: str
    variant: Variant
    text: str | None
    duration_ms: int | None
    dismissable: bool
    progress: int | None
    """Percent; None shows no bar."""


class Toast:
    """A toast that is being shown."""

    def __init__(self, toast_id: str) -> None:
        self.id = toast_id

    async def hide_toast(self) -> None:
        """Hide it; a toast that has already gone is fine."""
        await perform(Effect("hideToast", {"id": self.id}))

    async def update_toast(self, **changes: Unpack[ToastOptions]) -> None:
        """Change what is given, and let its time begin again; a toast that has already gone stays gone."""
        await perform(Effect("updateToast", {"id": self.id, **_on_the_wire(changes)}))


async def show_toast(
    title: str,
    *,
    variant: Variant,
    text: str | None = None,
    duration_ms: int | None = 4000,
    dismissable: bool = True,
    progress: int | None = None,
) -> Toast:
    """Show a toast and return it at once. `duration_ms=INFINITE` keeps it until `hide_toast()`."""
    toast = Toast(uuid.uuid4().hex[:8])
    options: ToastOptions = {"title": title, "variant": variant, "text": text}
    options |= {"duration_ms": duration_ms, "dismissable": dismissable, "progress": progress}
    await perform(Effect("showToast", {"id": toast.id, **_on_the_wire(options)}))
    return toast


async def alert(*, title: str, text: str, ok_label: str = "OK") -> None:
    """Show a modal message; returns when the person has closed it."""
    await perform(Effect("alert", {"title": title, "text": text, "okLabel": ok_label}, asks=True))


async def confirm(
    *,
    title: str,
    text: str = "",
    confirm_label: str = "OK",
    cancel_label: str = "Cancel",
    confirm_variant: ButtonVariant = "primary",
) -> bool:
    """Ask in a modal dialog; returns whether the person agreed."""
    labels = {"confirmLabel": confirm_label, "cancelLabel": cancel_label, "confirmVariant": confirm_variant}
    return await perform(Effect("confirm", {"title": title, "text": text, **labels}, asks=True)) is True


async def run_query(query: str, **variables: Any) -> dict[str, Any]:
    """Run a GraphQL query and return its data. Raises: QueryError, when it could not be answered."""
    data: dict[str, Any] = await perform(Effect("runQuery", {"query": query, "variables": variables}, by="host"))
    return data


async def all_settled(*calls: Coroutine[Effect, Any, Any]) -> list[Any]:
    """`Promise.allSettled` for calls of server functions: all at once, and each gives its result or its error."""
    asked = [call.send(None).data for call in calls]
    outcomes = await perform(Effect("allSettled", {"calls": asked}, by="host"))
    for call in calls:
        call.close()
    return [SerializableError.from_json(each["error"]) if "error" in each else each["ok"] for each in outcomes]


def graphql(path: Path) -> str:
    """The text of a `.graphql` file, as the TypeScript `import query from "./query.graphql"` gives it."""
    return path.read_text(encoding="utf-8")


def _on_the_wire(options: ToastOptions) -> dict[str, Any]:
    return {"durationMs" if name == "duration_ms" else name: value for name, value in options.items()}
