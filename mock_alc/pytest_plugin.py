"""Fixtures for anybody's tests: `mock_alc`, `mock_alc_factory` and `alc_responses`.

pytest loads this module in every test run of an environment that has mock_alc, so it imports nothing heavy: the
fixtures do, when a test asks for one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_alc.testing.alc import Alc

USUAL = {"port": 0, "database_url": "sqlite://", "control": True, "decide_after": 600}
"""Leads stay undecided until the test says `decide` or `wait_until_idle`."""


@pytest.fixture(scope="session")
def mock_alc_settings() -> dict[str, Any]:
    """Settings of `mock_alc` that you override: `{"client_id": "my-app", "redirect_uris": (…,)}`, say."""
    return {}


@pytest.fixture(scope="session")
def _mock_alc_server(mock_alc_settings: dict[str, Any]) -> Iterator["Alc"]:
    """The one server of the session, on a free port."""
    from mock_alc.config import Config
    from mock_alc.server import MockAlc
    from mock_alc.testing.alc import Alc

    with MockAlc(Config(**{**USUAL, **mock_alc_settings})) as server:
        yield Alc(server.app)


@pytest.fixture
def mock_alc(_mock_alc_server: "Alc") -> Iterator["Alc"]:
    """A running ALC, as empty as a new one, with verbs: `decide`, `fail_next`, `received`, `deliveries`…"""
    _mock_alc_server.reset()
    yield _mock_alc_server
    _mock_alc_server.reset()


@pytest.fixture
def mock_alc_factory() -> Iterator[Callable[..., "Alc"]]:
    """Make further ALCs with settings of the test's choice: `mock_alc_factory(retry_schedule=(0, 5))`."""
    from mock_alc.config import Config
    from mock_alc.server import MockAlc
    from mock_alc.testing.alc import Alc

    with ExitStack() as running:

        def make(**settings: Any) -> Alc:
            alc = Alc(running.enter_context(MockAlc(Config(**{**USUAL, **settings}))).app)
            running.callback(alc.reset)
            return alc

        yield make


@pytest.fixture
def alc_responses(mock_alc_settings: dict[str, Any]) -> Iterator["Alc"]:
    """The same in process: what `requests` sends to https://api.acmeleadchecker.ai is answered without a socket."""
    from mock_alc.testing.alc import Alc
    from mock_alc.testing.in_process import answer_in_process

    own = {name: value for name, value in mock_alc_settings.items() if name not in ("port", "host")}
    with answer_in_process(**{"decide_after": USUAL["decide_after"], **own}) as app:
        alc = Alc(app)
        yield alc
        alc.reset()
