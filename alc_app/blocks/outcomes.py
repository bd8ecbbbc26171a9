"""The outcomes of a lead, for the step block and the trigger block."""

from typing import Any

from alc_app.attio.workflows import Outcome
from alc_app.clients.alc_events import INTERESTS

LEAD_OUTCOMES = {**INTERESTS, "failed": "Failed"}


def outcome_of(status: str, interest: str | None, data: dict[str, Any], *, unique_key: str = "") -> Outcome:
    """Convert a verdict to an outcome. A failed chat is "no_answer" if ALC says so, otherwise "failed"."""
    known = interest == "no_answer" if status == "Failed" else interest in INTERESTS
    return Outcome(str(interest) if known else "failed", data, unique_key)
