"""Fixtures of the end-to-end tests: servers that are started once, and clients for users, ALC and Attio."""

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
    """A client for ALC. After the test, every request to ALC must match ALC's OpenAPI document."""
    yield Alc(stack.alc_url)
    assert_requests_keep_the_contract(stack.alc_url)


@pytest.fixture
def attio(stack: Stack) -> Attio:
    """A client for the stand-in for Attio."""
    return Attio(stack.attio_url, "e2e-attio-token")


@pytest.fixture
def disconnected_user(stack: Stack, alc: Alc) -> User:
    """A user whose workspace has no connection, and nothing is left of it at ALC."""
    user = User(stack.app_url)
    if user.is_connected():
        user.disconnect_alc()
    eventually(lambda: not alc.webhooks(), what=alc.webhooks)
    return user


@pytest.fixture
def user(stack: Stack) -> User:
    """A user whose workspace is connected to ALC."""
    user = User(stack.app_url)
    if not user.is_connected():
        user.connect_alc()
    return user
