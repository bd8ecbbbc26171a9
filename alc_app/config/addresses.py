"""The file `addresses.json` in the home: the web process saves its addresses, other commands load them.

Without it, `alc-app doctor --fix` would assume the default addresses, and change the webhooks of an app that runs on
another port.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FILE = "addresses.json"
OVERRIDDEN_BY = {
    "ALC_APP_URL": ("ALC_APP_URL", "ALC_APP_HOST", "ALC_APP_PORT"),
    "ALC_URL": ("ALC_URL",),
    "ATTIO_URL": ("ATTIO_URL", "ATTIO_API_TOKEN", "MOCK_ATTIO_PORT"),
    "MOCK_ATTIO_PORT": ("ATTIO_URL", "ATTIO_API_TOKEN", "MOCK_ATTIO_PORT"),
}
"""The environment variables of saved addresses, each with the settings that replace the saved value."""


def save_addresses(home: Path, addresses: Mapping[str, str]) -> None:
    """Write the addresses, by environment variable, to the home. Do nothing if the home cannot be written."""
    draft = home / f"{FILE}.{os.getpid()}"
    with suppress(OSError):
        draft.write_text(json.dumps(dict(addresses), indent=2), encoding="utf-8")
        draft.replace(home / FILE)


def load_addresses(home: Path, given: set[str]) -> dict[str, str]:
    """Return the saved addresses that no setting in `given` (environment variables) replaces. {} without a file."""
    try:
        content = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    saved = content if isinstance(content, dict) else {}
    return {name: str(saved[name]) for name, by in OVERRIDDEN_BY.items() if saved.get(name) and not given & {*by}}
