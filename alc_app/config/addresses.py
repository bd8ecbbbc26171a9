"""Where the servers of an installation are: its web process writes it into the home, the other commands read it there.

A `doctor` that took the default port for this app's own address would "mend" the webhooks of one that runs at another.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alc_app.config.settings import Config

FILE = "addresses.json"
SAID_BY = {
    "ALC_APP_URL": ("ALC_APP_URL", "ALC_APP_HOST", "ALC_APP_PORT"),
    "ALC_URL": ("ALC_URL",),
    "ATTIO_URL": ("ATTIO_URL", "ATTIO_API_TOKEN", "MOCK_ATTIO_PORT"),
    "MOCK_ATTIO_PORT": ("ATTIO_URL", "ATTIO_API_TOKEN", "MOCK_ATTIO_PORT"),
}
"""Each address, and the settings by which somebody has said it."""


def remember(config: Config) -> None:
    """Write down where everything is that this web process serves and calls. A home that takes no file is none."""
    told = {"ALC_APP_URL": config.base_url, "ALC_URL": config.alc_url}
    if config.attio_url:
        told["ATTIO_URL"] = config.attio_url
    elif not config.uses_real_attio:
        told["MOCK_ATTIO_PORT"] = str(config.mock_attio_port)
    draft = config.home / f"{FILE}.{os.getpid()}"
    with suppress(OSError):
        draft.write_text(json.dumps(told, indent=2), encoding="utf-8")
        draft.replace(config.home / FILE)


def remembered(home: Path, said: set[str]) -> dict[str, str]:
    """The addresses that nobody has `said`, neither by a flag nor by a variable, as they were when the app last ran."""
    try:
        told = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = told if isinstance(told, dict) else {}
    return {name: str(found[name]) for name, by in SAID_BY.items() if found.get(name) and not said.intersection(by)}
