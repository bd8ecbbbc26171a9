"""The line of the log for deliveries that were stored together."""

from __future__ import annotations

import logging

import pytest

from alc_app.runtime.observability.delivery_log import log_answers

TRACES = ("4bf92f3577b34da6a3ce929d0e0e4736", "a3ce929d0e0e47364bf92f3577b34da6")


def test_each_delivery_is_told_with_its_result_and_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    """One search for a trace finds them, by the beginning of its id in the text, or by all of it in JSON."""
    rows = [
        {"webhook_id": f"msg_{number}", "state": state, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        for number, (state, trace) in enumerate(zip(("new", "ignored"), TRACES, strict=True))
    ]
    with caplog.at_level(logging.INFO):
        log_answers(zip(rows, ("duplicate", "stored"), strict=True))

    assert caplog.messages == ["Deliveries answered: msg_0 duplicate 4bf92f35, msg_1 ignored a3ce929d"]
    assert vars(caplog.records[0])["trace_ids"] == " ".join(TRACES)


def test_a_batch_without_answers_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """Why they were not stored has been logged already."""
    with caplog.at_level(logging.INFO):
        log_answers([])

    assert not caplog.messages
