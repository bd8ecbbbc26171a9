"""Fixtures for the tests of the mock: each test gets an empty mock, a person and a receiver."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.mock_alc.support import Alc, Person, Receiver


@pytest.fixture
def make_alc() -> Iterator[Callable[..., Alc]]:
    """Make mocks with settings of the test's choice."""
    made: list[Alc] = []

    def make(**settings: Any) -> Alc:
        made.append(Alc(**settings))
        return made[-1]

    yield make
    for alc in made:
        alc.close()


@pytest.fixture(scope="session")
def shared_alc() -> Iterator[Alc]:
    """One mock for all tests that need no settings of their own."""
    shared = Alc()
    yield shared
    shared.close()


@pytest.fixture
def alc(shared_alc: Alc) -> Alc:
    """A mock with its defaults, in memory, with the control API on, and empty."""
    shared_alc.renew()
    return shared_alc


@pytest.fixture
def person(alc: Alc) -> Person:
    """Someone with a fresh browser."""
    return Person(alc.browser())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint that says 200 until told otherwise."""
    listening = Receiver()
    yield listening
    listening.close()
