"""What the CRM shows while chats are under way: looked up when the trouble is over, before they are decided."""

from __future__ import annotations

import time
from collections import Counter

from mock_alc.testing.storm.day import Day


def look_at_chats_under_way(day: Day) -> None:
    """End the trouble, and note what the CRM shows of each silent chat. The integration has a while to show it."""
    day.control("DELETE", "faults", None)
    until = time.monotonic() + day.patience
    while day.connection.was_never_changed:
        day.under_way = {record_id: day.status(record_id) for record_id in _silent_chats(day)}
        if time.monotonic() > until or set(day.under_way.values()) <= {day.integration.pending}:
            return
        day.settle()


def _silent_chats(day: Day) -> set[str]:
    """Return the people who were sent once, and not refused, and of whose chat ALC has told nothing."""
    clicked = Counter(click.record_id for click in day.clicks)
    refused = {click.record_id for click in day.clicks if click.refused is not None}
    leads = day.leads()
    told = {delivery["body"].get("record_id") for delivery in day.deliveries(leads)}
    under_way = {lead["record_id"] for lead in leads if lead["status"] == "processing"}
    return {who for who in under_way if clicked[who] == 1} - refused - told
