"""People of the workspace, as far as the SDK tells of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """A user, as GraphQL's `currentUser` shows one."""

    id: str
    email: str
    name: str


@dataclass(frozen=True)
class CurrentUser:
    """What `get_current_user()` tells."""

    id: str
