"""Log deliveries that were committed together in one line: a line for each would cost more than to store it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from alc_app.attio.host import trace

log = logging.getLogger(__name__)


def log_answers(answered: Iterable[tuple[Mapping[str, Any], str]]) -> None:
    """Log rows of the inbox with their answers, such as "stored" or "duplicate", and the traces to find them by."""
    told, traces = list[str](), list[str]()
    for row, answer in answered:
        trace_id = trace.id_of(row["traceparent"])
        result = row["state"] if row["state"] == "ignored" else answer
        told.append(f"{row['webhook_id']} {result} {trace_id[:8]}")
        traces.append(trace_id)
    if told:
        log.info("Deliveries answered: %s", ", ".join(told), extra={"trace_ids": " ".join(traces)})
