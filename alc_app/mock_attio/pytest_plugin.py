"""The pytest fixtures `mock_attio` and `mock_attio_factory`.

A test that fails ends with what went over the wire: the plugin of mock_alc draws the mocks in its `_drawn_mocks`.
pytest imports this module in every test run of an environment that has it, so slow imports are inside the fixtures.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from alc_app.mock_attio.server import MockAttioServer
    from alc_app.mock_attio.testing import Attio

DEFAULTS = {
    "database_url": "sqlite://", "control": True, "seeded": False, "writes_per_second": 0, "reads_per_second": 0
}  # fmt: skip
"""An empty workspace in memory without rate limits, so that tests may write as fast as they can."""


@pytest.fixture(scope="session")
def mock_attio_settings() -> dict[str, Any]:
    """Return settings of `mock_attio`; override it to return, say, `{"writes_per_second": 25}`."""
    return {}


@pytest.fixture(scope="session")
def _mock_attio_server(mock_attio_settings: dict[str, Any]) -> Iterator["MockAttioServer"]:
    """Run the server of the test session, on a free port."""
    with _server(mock_attio_settings) as server:
        yield server


@pytest.fixture
def mock_attio(_mock_attio_server: "MockAttioServer", _drawn_mocks: list[Any]) -> Iterator["Attio"]:
    """Return a running Attio without records, with methods such as `person`, `fail_next` and `received`."""
    from alc_app.mock_attio.testing import Attio

    attio = Attio(_mock_attio_server)
    attio.reset()
    _drawn_mocks.append(attio)
    yield attio
    attio.reset()


@pytest.fixture
def mock_attio_factory(_drawn_mocks: list[Any]) -> Iterator[Callable[..., "Attio"]]:
    """Return a function that runs further Attios with other settings: `mock_attio_factory(writes_per_second=25)`."""
    with ExitStack() as running:

        def make(**settings: Any) -> "Attio":
            server = running.enter_context(_server(settings))
            from alc_app.mock_attio.testing import Attio

            attio = Attio(server)
            running.callback(attio.stop_serving)
            _drawn_mocks.append(attio)
            return attio

        yield make


def _server(settings: dict[str, Any]) -> "MockAttioServer":
    """Return a running server. Raises ModuleNotFoundError with a sentence if the extra `pytest` is not installed."""
    from secrets import token_hex

    try:
        from alc_app.mock_attio.server import MockAttioServer
        from alc_app.mock_attio.store.config import MockAttioConfig
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"The fixture mock_attio needs the package {missing.name}, which is not installed. It comes with the "
            'extra `pytest` of acme-lead-checker: `pip install "acme-lead-checker[pytest]"`.',
            name=missing.name,
        ) from None
    return MockAttioServer(MockAttioConfig(**{"token": token_hex(32), **DEFAULTS, **settings}))
