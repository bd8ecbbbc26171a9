"""What axe finds on a page."""

from __future__ import annotations

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RUN = """(options) => axe.run({...options, resultTypes: ["violations"], preload: false})
    .then((found) => found.violations)"""
"""Of what is in order axe would tell as much, which takes longer than the check. What it would load before is for two
rules: of media, which no page has, and of how a phone is held, which it leaves out by default."""
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""The rules that a theme can break."""


def assert_accessible(page: Page, **options: Any) -> None:
    """Fail with axe's findings on the page, as it is now. `options` are those of `axe.run`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    findings = page.evaluate(RUN, options)
    assert not findings, json.dumps(findings, indent=1)


def assert_accessible_in_both_themes(page: Page) -> None:
    """Fail with axe's findings on the page, in light and in dark: there only the colours are others."""
    page.emulate_media(color_scheme="light")
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, **COLOURS)
