"""Where the servers of an installation are: its web process writes it into the home, the other commands read it there.

A `doctor` that took the default port for this app's own address would "mend" the webhooks of one that runs at another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FILE = "addresses.json"
SAID_BY = {
    "ALC_APP_URL": ("ALC_APP_URL", "ALC_APP_HOST", "ALC_APP_PORT"),
    "ALC_URL": ("ALC_URL",),
    "ATTIO_URL": ("ATTIO_URL", "ATTIO_API_TOKEN", "MOCK_ATTIO_PORT"),
    "MOCK_ATTIO_PORT": ("ATTIO_URL", "ATTIO_API_TOKEN", "MOCK_ATTIO_PORT"),
}
"""Each address, and the settings by which somebody has said it."""


def remember(home: Path, addresses: Mapping[str, str]) -> None:
    """Write these addresses, by the names of their settings, into the home. Do nothing if it cannot be written."""
    draft = home / f"{FILE}.{os.getpid()}"
    with suppress(OSError):
        draft.write_text(json.dumps(dict(addresses), indent=2), encoding="utf-8")
        draft.replace(home / FILE)


def remembered(home: Path, said: set[str]) -> dict[str, str]:
    """The addresses that nobody has `said`, neither by a flag nor by a variable, as they were when the app last ran."""
    try:
        told = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = told if isinstance(told, dict) else {}
    return {name: str(found[name]) for name, by in SAID_BY.items() if found.get(name) and not said.intersection(by)}
