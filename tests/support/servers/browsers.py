"""Find a browser on this machine, or install one. Each candidate is launched, because a file may not work."""

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
    """Return the arguments that launch a browser here, or None if there is none and none can be installed."""
    return working() or (working() if fetch() else None)


def candidates() -> Iterator[Launch]:
    """Yield arguments that might launch a browser: BROWSER_PATH alone if it is set, else common names."""
    if path := os.environ.get("BROWSER_PATH"):
        yield {"executable_path": path}
        return
    for name in ON_PATH:
        if path := shutil.which(name):
            yield {"executable_path": path}
    yield from ({"channel": "chrome"}, {"channel": "msedge"}, {})  # {} is Playwright's own build


def working() -> Launch | None:
    """Return the first candidate that launches, or None."""
    try:
        with sync_playwright() as playwright:
            for launch in candidates():
                try:
                    playwright.chromium.launch(**launch).close()
                except Error:
                    continue
                return launch
    except Exception:
        return None  # Playwright's own Node cannot start: libatomic1 is missing
    return None


def fetch() -> bool:
    """Install a browser, system-wide as root on CI and else into the user's cache. Return whether that worked."""
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
    """Run a command and return whether its exit code is 0."""
    ran = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 (ours, and no shell)
    return ran.returncode == 0
