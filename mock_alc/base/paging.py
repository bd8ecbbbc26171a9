"""Reads all pages of `GET /_mock/deliveries`, for tests and commands."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

LARGEST_PAGE = 500


def every_delivery(get: Callable[[str], Any], **filters: str | None) -> list[dict[str, Any]]:
    """Return all deliveries that match the filters, oldest first.

    `get` takes a path below `/_mock/` of the control API, with its query, and returns the JSON of the response.
    """
    query = {name: value for name, value in filters.items() if value is not None} | {"limit": str(LARGEST_PAGE)}
    found: list[dict[str, Any]] = []
    while True:
        page = get(f"deliveries?{urlencode(query)}")
        found += page["deliveries"]
        if page["next_after"] is None:
            return found
        query["after"] = page["next_after"]
