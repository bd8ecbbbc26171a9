"""What ALC's agent does: it decides, early, late, twice, and against itself."""

from __future__ import annotations

from typing import Any

from tests.soak.mix.hand import Done, Hand

INTERESTS = ("interested", "not_interested", "no_answer")
OF_A_LEAD = ("duplicate", "contradiction", "lost_then_redelivered", "rotated_secret", "tampered_body", "truncated")
OF_THE_NEXT = ("early", "unknown_event", "foreign_record", "contradiction", "duplicate")
OUT_OF_ORDER = "out_of_order"
POSTDATED = (OUT_OF_ORDER, "unknown_event", "foreign_record")
"""Here ALC says at once what it has decided, and dates it some seconds later (mock_alc/scenarios/verdicts.py)."""


def decide(hand: Hand) -> Done:
    """Let the agent decide about a lead."""
    lead = _open_lead(hand)
    if lead is None:
        return Done("nothing is open")
    interest = hand.random.choice(INTERESTS)
    hand.alc.decide(lead["id"], interest)
    return Done(f"{lead['id']}: {interest}", (lead["record_id"],))


def resend(hand: Hand) -> Done:
    """Send a verdict again that was delivered before, under the same id."""
    delivered = [each for each in hand.alc.deliveries(state="delivered") if each["event"] == "lead.processed"]
    if not delivered:
        return Done("nothing was delivered")
    delivery = hand.random.choice(delivered)
    hand.alc.resend(delivery["id"])
    return Done(f"{delivery['body']['lead_id']}: {delivery['body']['status']}", (delivery["body"]["record_id"],))


def odd_verdict(hand: Hand) -> Done:
    """Let the verdict on an open lead come twice, damaged, out of order, or be contradicted ten seconds later."""
    lead = _open_lead(hand)
    if lead is None:
        return Done("nothing is open")
    scenario = hand.random.choice((*OF_A_LEAD, OUT_OF_ORDER))
    hand.alc.start_scenario(scenario, lead_id=lead["id"])
    return Done(f"{lead['id']}: {scenario}", (lead["record_id"],))


def verdict_at_once(hand: Hand) -> Done:
    """Let the agent decide about the next lead of a person as soon as it comes, even before the answer to the app."""
    record_id, scenario = hand.somebody(), hand.random.choice(OF_THE_NEXT)
    hand.alc.start_scenario(scenario, record_id)
    return Done(scenario, (record_id,))


def _open_lead(hand: Hand) -> dict[str, Any] | None:
    found = [lead for lead in hand.alc.leads() if lead["status"] == "processing"]
    return hand.random.choice(found) if found else None
