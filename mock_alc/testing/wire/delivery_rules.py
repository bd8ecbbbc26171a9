"""How a correct app answers deliveries: each rule yields those that were answered otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mock_alc.grading.accepting import ACCEPTING
from mock_alc.grading.check import Check
from mock_alc.grading.expectations import expect_no_failure
from mock_alc.grading.refusing import REFUSING
from mock_alc.signing.dialects import STANDARD_WEBHOOKS
from mock_alc.testing.wire.drawing import Highlight
from mock_alc.testing.wire.exchange import Exchange
from mock_alc.testing.wire.exchanges import ALC, TIMEOUT
from mock_alc.webhooks.answer import Answer

CHECKS = {check.name: check.worded(STANDARD_WEBHOOKS) for check in [*ACCEPTING, *REFUSING]}
FORGED = {name: CHECKS[name] for name in ("wrong_secret", "tampered_body", "stale", "future")} | {
    "bad_signature": CHECKS["wrong_secret"],
}
GENUINE = {
    "rotated_secret": CHECKS["rotation"],
    "extra_fields": CHECKS["extra_fields"],
    "truncated": CHECKS["not_json"],
    "wrong_type": replace(CHECKS["not_json"], remedy="Answer 2xx, or refuse with 415."),
    "huge": replace(CHECKS["huge"], expectation=expect_no_failure),
    "to_deleted": replace(CHECKS["unknown_event"], expectation=expect_no_failure),
}
"""The checks of `mock-alc grade` that deliveries have to pass, by the fault of the delivery."""
ASKS_FOR_LATER = (429, 503)
GONE = 410


def answered_wrongly(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield the deliveries whose answer `mock-alc grade` would complain about.

    A receiver may ask for later (429, 503), and may switch off a webhook whose delivery is genuine (410).
    """
    arrived: set[str] = set()
    for index, one in enumerate(exchanges):
        if one.event is None or one.sender != ALC or one.headers is None:
            continue
        check = _check(one, again=one.delivery_id in arrived)
        if one.ok or one.trouble == "answer_lost":
            arrived.add(one.delivery_id)
        if one.status in (None, *ASKS_FOR_LATER) or (one.status == GONE and not one.forged):
            continue
        if complaint := check.expectation([Answer(one.status)]):
            yield Highlight(index, f"ALC sent {one.what}, {_how(one, check)}. {complaint}", check.remedy)


def answered_too_late(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield the deliveries that were not answered in time."""
    for index, one in enumerate(exchanges):
        if one.event is not None and one.error == TIMEOUT:
            happened = f"{one.sender} sent {one.what}, waited {(one.milliseconds or 0) / 1000:.0f} s, and gave up."
            yield Highlight(index, happened, CHECKS["quick"].remedy)


def _check(one: Exchange, *, again: bool) -> Check:
    if one.forged:
        return FORGED.get(one.trouble or "", CHECKS["unsigned"])
    return GENUINE.get(one.trouble or "", CHECKS["duplicate" if again else "valid"])


def _how(one: Exchange, check: Check) -> str:
    """Describe the delivery: its fault, or that it was signed rightly, and whether it had arrived before."""
    signed = "with a correct signature, as a duplicate" if check.name == "duplicate" else "with a correct signature"
    return f"with a fault ({one.fault})" if one.fault else signed
