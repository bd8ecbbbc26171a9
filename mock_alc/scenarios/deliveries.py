"""Scenarios in which a delivery is lost, repeated, damaged or forged."""

from typing import Any

from mock_alc.scenarios.scenario import Scenario

REFUSED = "The first one is refused and changes nothing; the record shows what the second one says."
TAKEN_ONCE = "It has one effect: the record says Complete, once."


def _with_fault(name: str, does: str, ends: str = REFUSED, **fault: Any) -> Scenario:
    """Return a scenario whose first delivery has the fault `name`, and whose next attempt is correct."""
    return Scenario(name, does, ends, "Complete", faults=({"delivery": "lead.processed", "trouble": name, **fault},))


SCENARIOS = (
    _with_fault("duplicate", "The verdict is delivered four times under one id.", TAKEN_ONCE, times=3),
    Scenario(
        "lost_then_redelivered",
        "Two deliveries are lost on their way, and then the answer to a third; ALC tries again as published.",
        TAKEN_ONCE,
        "Complete",
        faults=(
            {"delivery": "lead.processed", "trouble": "lost", "times": 2},
            {"delivery": "lead.processed", "trouble": "answer_lost"},
        ),
    ),
    _with_fault("bad_signature", "The first delivery has a signature that no secret makes."),
    _with_fault("wrong_secret", "The first delivery is signed with a secret that is not the webhook's."),
    _with_fault(
        "tampered_body", "The first delivery was changed on its way: it says Failed under the signature of Complete."
    ),
    _with_fault(
        "stale", "The first delivery was signed an hour ago, as one would be that somebody recorded and replays."
    ),
    _with_fault("future", "The first delivery is signed for an hour from now."),
    _with_fault("missing_header", "The first delivery comes without a signature.", header="webhook-signature"),
    _with_fault(
        "rotated_secret",
        "ALC rotates its secret, and signs with the new one first and the app's beside it, as in an overlap.",
        "One signature that fits is enough: the record says Complete.",
    ),
    _with_fault("wrong_type", "The first delivery claims to be text/plain."),
    _with_fault("truncated", "The first delivery breaks off in the middle of its JSON, under a signature that fits."),
    _with_fault("huge", "The first delivery carries a megabyte of padding, under a signature that fits."),
)
