"""`from "attio/client"`: what a record action may do. Each call is an effect that the browser or the host plays.

Defaults and texts of the parameters: docs.attio.com/sdk/notifications, npm `attio` 1.0.4 `client/*.d.ts`.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Literal

from alc_app.attio.effects import Effect, perform

Variant = Literal["neutral", "warning", "error", "success"]
INFINITE = None
"""As `duration_ms`: the toast stays until it is hidden."""


class Toast:
    """A toast that is being shown."""

    def __init__(self, toast_id: str) -> None:
        self.id = toast_id

    async def hide_toast(self) -> None:
        """Hide it; a toast that has already gone is fine."""
        await perform(Effect("hideToast", {"id": self.id}))


async def show_toast(
    title: str,
    *,
    variant: Variant,
    text: str | None = None,
    duration_ms: int | None = 4000,
    dismissable: bool = True,
) -> Toast:
    """Show a toast and return it at once. `duration_ms=INFINITE` keeps it until `hide_toast()`."""
    toast = Toast(uuid.uuid4().hex[:8])
    data = {"id": toast.id, "title": title, "variant": variant, "text": text}
    await perform(Effect("showToast", {**data, "durationMs": duration_ms, "dismissable": dismissable}))
    return toast


async def alert(*, title: str, text: str, ok_label: str = "OK") -> None:
    """Show a modal message; returns when the person has closed it."""
    await perform(Effect("alert", {"title": title, "text": text, "okLabel": ok_label}, asks=True))


async def run_query(query: str, **variables: Any) -> dict[str, Any]:
    """Run a GraphQL query and return its data. Raises: QueryError, when it could not be answered."""
    data: dict[str, Any] = await perform(Effect("runQuery", {"query": query, "variables": variables}, by="host"))
    return data


def graphql(path: Path) -> str:
    """The text of a `.graphql` file, as the TypeScript `import query from "./query.graphql"` gives it."""
    return path.read_text(encoding="utf-8")
