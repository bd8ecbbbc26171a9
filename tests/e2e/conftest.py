"""The whole house, started once for all tests that share it, and the people and services that a test meets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.contract import assert_requests_keep_the_contract
from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers, running."""
    with Stack(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def alc(stack: Stack) -> Iterator[Alc]:
    """ALC, the other end; whatever it was sent must be what its OpenAPI document describes."""
    yield Alc(stack.alc_url)
    assert_requests_keep_the_contract(stack.alc_url)


@pytest.fixture
def attio(stack: Stack) -> Attio:
    """Attio, where the records are."""
    return Attio(stack.attio_url, "e2e-attio-token")


@pytest.fixture
def disconnected_user(stack: Stack, alc: Alc) -> User:
    """Somebody whose workspace has no connection yet, or has been disconnected with nothing left behind."""
    user = User(stack.app_url)
    if user.is_connected():
        user.disconnect_alc()
    eventually(lambda: not alc.webhooks(), what=alc.webhooks)
    return user


@pytest.fixture
def user(stack: Stack) -> User:
    """Somebody whose workspace is connected to ALC."""
    user = User(stack.app_url)
    if not user.is_connected():
        user.connect_alc()
    return user
