"""No garbage is looked for while much is imported, and what was imported is never looked at again."""

import gc
from collections.abc import Iterator

import pytest

from alc_app.runtime.loading import loading


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector, which is on. It finds again what a test has frozen."""
    frozen = gc.get_freeze_count()
    gc.enable()
    yield
    if not frozen:
        gc.unfreeze()


def test_the_collector_rests_meanwhile_and_goes_on_afterwards() -> None:
    """Also if an import fails."""
    with pytest.raises(ImportError), loading():
        assert not gc.isenabled()
        raise ImportError

    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    """A block within another does not end the other."""
    with loading():
        with loading():
            pass
        assert not gc.isenabled()


def test_what_was_loaded_is_left_alone() -> None:
    """The collector does not look at it again."""
    with loading():
        loaded = [[object()] for _ in range(1000)]

    tracked = {id(one) for one in gc.get_objects()}
    assert not tracked & {id(one) for one in loaded}
