"""What holds for every unit test, and the fake runtime around those of the app's own files."""

from collections.abc import Iterator

import pytest

from alc_app.attio.host import backoff
from alc_app.attio.host.context import running
from tests.support.fakes.runtime import FakeRuntime, Outside


@pytest.fixture(autouse=True)
def exact_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits have no jitter, so that a test can say how long they are."""
    monkeypatch.setattr(backoff, "JITTER", 0.0)


@pytest.fixture
def runtime() -> Iterator[FakeRuntime]:
    """The test runs inside of it, as app code does."""
    fake = FakeRuntime()
    with running(fake):
        yield fake
    fake.database.close()


@pytest.fixture
def outside(runtime: FakeRuntime) -> Outside:
    """What the fake runtime finds at the other end of `fetch()`."""
    return runtime.outside
