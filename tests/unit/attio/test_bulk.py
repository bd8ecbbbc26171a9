"""Bulk record actions: batches one after the other, a progress toast by itself, hooks that may change its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from alc_app.attio import BatchContext, RunRecordBatches
from alc_app.attio.host.errors import QueryError
from tests.unit.attio.test_client import effects

IDS = [f"r{number}" for number in range(5)]


def run(work: Any, **options: Any) -> tuple[list[dict[str, Any]], Any]:
    """Run batches of two over five records; returns what the toast was told, and how it ended."""
    batches = RunRecordBatches(IDS, "Send")
    played, ended = effects(batches(work, **{"batch_size": 2, **options}))
    return [{"effect": effect.name, **effect.data} for effect in played], ended


def test_batches_run_one_after_the_other_and_the_toast_follows() -> None:
    """npm `attio` client/bulk-record-action.d.ts: the last batch is smaller; success ends the toast by itself."""
    seen: list[Sequence[str]] = []

    async def work(record_ids: Sequence[str]) -> int:
        seen.append(record_ids)
        return len(record_ids)

    toast, ended = run(work)

    assert seen == [IDS[:2], IDS[2:4], IDS[4:]]
    assert (ended.success, ended.results) == (True, [2, 2, 1])
    assert [line.get("progress") for line in toast] == [0, 40, 80, 100, None]
    assert [line["text"] for line in toast] == ["0 of 5", "2 of 5", "4 of 5", "5 of 5", "5 of 5"]
    assert (toast[0]["effect"], toast[0]["durationMs"], toast[-1]["variant"]) == ("showToast", None, "success")
    assert len({line["id"] for line in toast}) == 1


def test_a_batch_that_raises_ends_the_run_with_what_was_done() -> None:
    """`{success: false, partialResults, error}`; the toast says so, and stays."""

    async def work(record_ids: Sequence[str]) -> str:
        if "r2" in record_ids:
            raise QueryError("No.")
        return record_ids[0]

    toast, ended = run(work, on_error=lambda context: {"title": f"Stopped at {context.processed_records}"})

    assert (ended.success, ended.results, str(ended.error)) == (False, ["r0"], "No.")
    assert (toast[-1]["variant"], toast[-1]["title"]) == ("error", "Stopped at 2")


def test_a_hook_is_told_how_far_it_has_come() -> None:
    """Its words replace the usual ones; None keeps them."""
    told: list[BatchContext] = []

    async def work(_: Sequence[str]) -> None:
        """Nothing."""

    toast, _ = run(work, on_progress=told.append, on_complete=lambda _: {"text": "All of them"})

    assert told[0] == BatchContext(2, 5, 2, 0, 3, 2)
    assert told[-1] == BatchContext(5, 5, 2, 2, 3, 1)
    assert (toast[-1]["title"], toast[-1]["text"]) == ("Send", "All of them")


@pytest.mark.parametrize("size", [0, 251])
def test_a_batch_has_at_most_250_records(size: int) -> None:
    """The SDK's own limit."""
    with pytest.raises(ValueError, match="1 to 250"):
        effects(RunRecordBatches(IDS, "Send")(lambda _: None, batch_size=size))


def test_a_hook_that_returns_nothing_at_the_end_hides_the_toast() -> None:
    """The action then says itself how it went, in one message."""

    async def work(_: Sequence[str]) -> None:
        """Nothing."""

    toast, ended = run(work, on_complete=lambda _: None)

    assert ended.success
    assert toast[-1]["effect"] == "hideToast"
