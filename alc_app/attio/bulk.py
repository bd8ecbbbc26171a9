"""Bulk record actions: work on all records that are selected in a table, in batches.

docs.attio.com/sdk/extensions/bulk-record-action, npm `attio` 1.0.4 `client/bulk-record-action.d.ts`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

from alc_app.attio.client import INFINITE, Toast, show_toast

R = TypeVar("R")
LARGEST_BATCH = 250


class ToastText(TypedDict, total=False):
    """The options of the progress toast that a hook may change."""

    title: str
    text: str


@dataclass(frozen=True)
class BatchContext:
    """The progress of a run, for its hooks. `batch_index` counts from 0."""

    processed_records: int
    total_records: int
    batch_size: int
    batch_index: int
    total_batches: int
    last_batch_size: int


Hook = Callable[[BatchContext], ToastText | None]


@dataclass(frozen=True)
class BatchRun(Generic[R]):
    """The end of a run: with all results, or with those before the `error`."""

    results: list[R]
    error: Exception | None = None

    @property
    def success(self) -> bool:
        """Tell whether every batch was processed."""
        return self.error is None


class RunRecordBatches:
    """The argument of a bulk action: call it to process the selected records batch by batch."""

    def __init__(self, record_ids: Sequence[str], title: str) -> None:
        """Take the ids of the selected records, and the title of the progress toast."""
        self._record_ids, self._title = list(record_ids), title
        self.total_records = len(self._record_ids)

    async def __call__(
        self,
        work: Callable[[Sequence[str]], Awaitable[R]],
        *,
        batch_size: int,
        on_start: Hook | None = None,
        on_progress: Hook | None = None,
        on_complete: Hook | None = None,
        on_error: Hook | None = None,
    ) -> BatchRun[R]:
        """Await `work` with one batch of record ids after another. An error that it raises ends the run.

        A progress toast is shown meanwhile, whose title and text the hooks may change. One that ends the run and
        returns None hides the toast, for an action that then says itself how it went.
        """
        if not 1 <= batch_size <= LARGEST_BATCH:
            raise ValueError(f"A batch has 1 to {LARGEST_BATCH} records, not {batch_size}.")
        batches = [self._record_ids[at : at + batch_size] for at in range(0, self.total_records, batch_size)]
        progress = _Progress(self.total_records, batch_size, len(batches))
        toast = await show_toast(variant="neutral", duration_ms=INFINITE, progress=0, **self._text(progress, on_start))
        results: list[R] = []
        for batch in batches:
            try:
                results.append(await work(batch))
            except Exception as error:
                await self._end(toast, progress, on_error, variant="error", duration_ms=INFINITE)
                return BatchRun(results, error)
            progress.add(len(batch))
            await toast.update_toast(progress=progress.percent, **self._text(progress, on_progress))
        await self._end(toast, progress, on_complete, variant="success", duration_ms=4000)
        return BatchRun(results)

    async def _end(self, toast: Toast, progress: _Progress, hook: Hook | None, **options: Any) -> None:
        if hook is not None and hook(progress.context()) is None:
            await toast.hide_toast()
            return
        await toast.update_toast(progress=None, **options, **self._text(progress, hook))

    def _text(self, progress: _Progress, hook: Hook | None) -> _Text:
        default: _Text = {"title": self._title, "text": f"{progress.processed} of {progress.total}"}
        return {**default, **((hook and hook(progress.context())) or {})}


class _Text(TypedDict):
    title: str
    text: str


@dataclass
class _Progress:
    total: int
    batch_size: int
    batches: int
    processed: int = 0
    index: int = 0
    last: int = 0

    def add(self, records: int) -> None:
        self.processed, self.last, self.index = self.processed + records, records, self.index + 1

    @property
    def percent(self) -> int:
        return round(100 * self.processed / self.total)

    def context(self) -> BatchContext:
        index = max(self.index - 1, 0)
        return BatchContext(self.processed, self.total, self.batch_size, index, self.batches, self.last)


@dataclass(frozen=True)
class BulkRecordAction:
    """A button that appears when records are selected in a table, and a quick action for the selection."""

    id: str
    label: str
    on_trigger: Callable[[RunRecordBatches], Awaitable[None]]
    objects: str | None = None
    """The slug of the object whose tables show it; None shows it on every object."""
