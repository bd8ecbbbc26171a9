"""Finds a browser on any machine, or fetches one; a name proves nothing, so each is launched to know."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import Error, sync_playwright

Launch = dict[str, str]

ON_PATH = (
    "chromium-headless-shell",
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "chromium-browser",
)
HOW_TO_GET_ONE = "No browser was found: install Chrome or Chromium, or set BROWSER_PATH to one."


def find_or_fetch() -> Launch | None:
    """How to launch a browser here, or None when there is none to be had."""
    return working() or (working() if fetch() else None)


def candidates() -> Iterator[Launch]:
    if path := os.environ.get("BROWSER_PATH"):
        yield {"executable_path": path}
        return
    for name in ON_PATH:
        if path := shutil.which(name):
            yield {"executable_path": path}
    yield from ({"channel": "chrome"}, {"channel": "msedge"}, {})  # {} is Playwright's own build


def working() -> Launch | None:
    try:
        with sync_playwright() as playwright:
            for launch in candidates():
                try:
                    playwright.chromium.launch(**launch).close()  # type: ignore[arg-type]  # keywords of launch()
                except Error:
                    continue
                return launch
    except Exception:
        return None  # Playwright's own Node cannot start: libatomic1 is missing
    return None


def fetch() -> bool:
    """Install a browser: system-wide on a CI machine that is ours to change, else into the user's cache."""
    apt_get = shutil.which("apt-get")
    if os.environ.get("CI") and apt_get and hasattr(os, "geteuid") and os.geteuid() == 0:
        packages = ["chromium-headless-shell", "libatomic1"]
        commands = [
            [apt_get, "update", "-qq"],
            [apt_get, "install", "-qq", "-y", "--no-install-recommends", *packages],
        ]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]]
    return all(succeeds(command) for command in commands)


def succeeds(command: list[str]) -> bool:
    ran = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 (ours, and no shell)
    return ran.returncode == 0
