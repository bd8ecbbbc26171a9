"""`from "attio/client"`: what a record action may do. Each call is an effect that the browser or the host carries out.

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
    """The options of a toast that can be changed while it is shown."""

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
        """Name the toast by the id that its effects carry."""
        self.id = toast_id

    async def hide_toast(self) -> None:
        """Hide the toast. Does nothing if it is hidden already."""
        await perform(Effect("hideToast", {"id": self.id}))

    async def update_toast(self, **changes: Unpack[ToastOptions]) -> None:
        """Change some options and restart its duration. Does nothing if the toast is hidden already."""
        await perform(Effect("updateToast", {"id": self.id, **_to_json(changes)}))


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
    await perform(Effect("showToast", {"id": toast.id, **_to_json(options)}))
    return toast


async def alert(*, title: str, text: str, ok_label: str = "OK") -> None:
    """Show a modal message. Returns when the user has closed it."""
    await perform(Effect("alert", {"title": title, "text": text, "okLabel": ok_label}, asks=True))


async def confirm(
    *,
    title: str,
    text: str = "",
    confirm_label: str = "OK",
    cancel_label: str = "Cancel",
    confirm_variant: ButtonVariant = "primary",
) -> bool:
    """Ask in a modal dialog. Returns whether the user agreed."""
    labels = {"confirmLabel": confirm_label, "cancelLabel": cancel_label, "confirmVariant": confirm_variant}
    return await perform(Effect("confirm", {"title": title, "text": text, **labels}, asks=True)) is True


async def run_query(query: str, **variables: Any) -> dict[str, Any]:
    """Run a GraphQL query and return its data. Raises: QueryError."""
    data: dict[str, Any] = await perform(Effect("runQuery", {"query": query, "variables": variables}, by="host"))
    return data


async def all_settled(*calls: Coroutine[Effect, Any, Any]) -> list[Any]:
    """Call several server functions at once, as `Promise.allSettled`. Returns the result or the error of each."""
    requests = [call.send(None).data for call in calls]
    outcomes = await perform(Effect("allSettled", {"calls": requests}, by="host"))
    for call in calls:
        call.close()
    return [SerializableError.from_json(each["error"]) if "error" in each else each["ok"] for each in outcomes]


def graphql(path: Path) -> str:
    """Return the text of a `.graphql` file, as `import query from "./query.graphql"` does in TypeScript."""
    return path.read_text(encoding="utf-8")


def _to_json(options: ToastOptions) -> dict[str, Any]:
    return {"durationMs" if name == "duration_ms" else name: value for name, value in options.items()}
