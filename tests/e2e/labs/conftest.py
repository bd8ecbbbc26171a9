"""Servers that are restarted as the demo restarts them, and a client for the pages of the labs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.laboratory import Laboratory, stack_with_restarts
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers, whose worker is restarted when it dies."""
    with stack_with_restarts(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def laboratory(stack: Stack, user: User, alc: Alc, attio: Attio) -> Laboratory:
    """The pages of the labs, and what a lab has left behind."""
    return Laboratory(stack, user, alc, attio)
