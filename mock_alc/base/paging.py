"""Goes through the pages of `GET /_mock/deliveries`, for whoever wants all of them: tests and commands."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

LARGEST_PAGE = 500


def every_delivery(get: Callable[[str], Any], **asked: str | None) -> list[dict[str, Any]]:
    """Return all deliveries that have what is asked, oldest first; `get` answers a path of the control door."""
    query = {name: value for name, value in asked.items() if value is not None} | {"limit": str(LARGEST_PAGE)}
    found: list[dict[str, Any]] = []
    while True:
        page = get(f"deliveries?{urlencode(query)}")
        found += page["deliveries"]
        if page["next_after"] is None:
            return found
        query["after"] = page["next_after"]
