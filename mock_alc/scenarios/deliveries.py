"""Scenarios in which a delivery is lost, repeated, damaged or forged."""

from typing import Any

from mock_alc.scenarios.scenario import Scenario

REFUSED = "The app refuses the first delivery, which changes nothing. The record shows the second one's result."
TAKEN_ONCE = "It has one effect: the record says Complete."


def _with_fault(name: str, does: str, ends: str = REFUSED, **fault: Any) -> Scenario:
    """Return a scenario whose first delivery has the fault `name`, and whose next attempt is correct."""
    return Scenario(name, does, ends, "Complete", faults=({"delivery": "lead.processed", "trouble": name, **fault},))


SCENARIOS = (
    _with_fault("duplicate", "ALC delivers the result four times under one id.", TAKEN_ONCE, times=3),
    Scenario(
        "lost_then_redelivered",
        "ALC loses two deliveries, and then the answer to a third one. It retries on its published schedule.",
        TAKEN_ONCE,
        "Complete",
        faults=(
            {"delivery": "lead.processed", "trouble": "lost", "times": 2},
            {"delivery": "lead.processed", "trouble": "answer_lost"},
        ),
    ),
    _with_fault("bad_signature", "The first delivery has a signature that matches no secret."),
    _with_fault("wrong_secret", "The first delivery is signed with another webhook's secret."),
    _with_fault(
        "tampered_body", "The first delivery was changed on its way: it says Failed with the signature of Complete."
    ),
    _with_fault("stale", "The first delivery was signed an hour ago, like a recorded delivery that is replayed."),
    _with_fault("future", "The first delivery has a timestamp one hour ahead."),
    _with_fault("missing_header", "The first delivery comes without a signature.", header="webhook-signature"),
    _with_fault(
        "rotated_secret",
        "ALC rotates its secret, and signs with both: first the new secret, then the one that the app has.",
        "One matching signature is enough: the record says Complete.",
    ),
    _with_fault("wrong_type", "The first delivery has the content type text/plain."),
    _with_fault("truncated", "The first delivery ends in the middle of its JSON, with a matching signature."),
    _with_fault("huge", "The first delivery has a megabyte of padding, with a matching signature."),
)
