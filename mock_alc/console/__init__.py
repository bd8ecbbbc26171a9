"""The console at `/`: pages for customers of ALC and, with `--control`, pages that control the mock (backstage).

`pages` defines the two blueprints and what the views share; each other module adds the views of one page.
"""

from mock_alc.console import clock, deliveries, faults, leads, prospects, scenarios, webhooks
from mock_alc.console.pages import backstage, pages

__all__ = ["backstage", "clock", "deliveries", "faults", "leads", "pages", "prospects", "scenarios", "webhooks"]
