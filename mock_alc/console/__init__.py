"""The console at `/`: what a customer of ALC sees, and backstage, while the control door is open, what makes the play.

`pages` knows who looks; the other modules hang one page each into its two blueprints.
"""

from mock_alc.console import clock, deliveries, faults, leads, prospects, scenarios, webhooks
from mock_alc.console.pages import backstage, pages

__all__ = ["backstage", "clock", "deliveries", "faults", "leads", "pages", "prospects", "scenarios", "webhooks"]
