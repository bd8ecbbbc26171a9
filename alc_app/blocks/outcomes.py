"""What a lead may have come to, as the outcomes of both of our blocks."""

from typing import Any

from alc_app.attio.workflows import Outcome

LEAD_OUTCOMES = {
    "interested": "Interested",
    "not_interested": "Not interested",
    "no_answer": "No answer",
    "failed": "Failed",
}


def outcome_of(status: str, interest: str | None, data: dict[str, Any], *, unique_key: str = "") -> Outcome:
    """The outcome of a verdict. A chat that failed is "no answer" when that is what ALC says of it."""
    known = interest in ("no_answer",) if status == "Failed" else interest in LEAD_OUTCOMES
    return Outcome(str(interest) if known else "failed", data, unique_key)
