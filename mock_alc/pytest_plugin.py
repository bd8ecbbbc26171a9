"""The pytest fixtures `mock_alc`, `mock_alc_factory` and `alc_responses`.

pytest imports this module in every test run of an environment that has mock_alc, so slow imports are inside the
fixtures.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_alc.testing.alc import Alc

DEFAULTS = {"port": 0, "database_url": "sqlite://", "control": True, "decide_after": 600}
"""With `decide_after` 600, leads stay undecided until a test calls `decide` or `wait_until_idle`."""


@pytest.fixture(scope="session")
def mock_alc_settings() -> dict[str, Any]:
    """Return settings of `mock_alc`; override it to return, say, `{"client_id": "my-app", "redirect_uris": (…,)}`."""
    return {}


@pytest.fixture(scope="session")
def _mock_alc_server(mock_alc_settings: dict[str, Any]) -> Iterator["Alc"]:
    """Run the server of the test session, on a free port."""
    from mock_alc.config import Config
    from mock_alc.server import MockAlc
    from mock_alc.testing.alc import Alc

    with MockAlc(Config(**{**DEFAULTS, **mock_alc_settings})) as server:
        yield Alc(server.app)


@pytest.fixture
def mock_alc(_mock_alc_server: "Alc") -> Iterator["Alc"]:
    """Return a running ALC without data, with methods such as `decide`, `fail_next` and `deliveries`."""
    _mock_alc_server.reset()
    yield _mock_alc_server
    _mock_alc_server.reset()


@pytest.fixture
def mock_alc_factory() -> Iterator[Callable[..., "Alc"]]:
    """Return a function that runs further ALCs with other settings: `mock_alc_factory(retry_schedule=(0, 5))`."""
    from mock_alc.config import Config
    from mock_alc.server import MockAlc
    from mock_alc.testing.alc import Alc

    with ExitStack() as running:

        def make(**settings: Any) -> Alc:
            alc = Alc(running.enter_context(MockAlc(Config(**{**DEFAULTS, **settings}))).app)
            running.callback(alc.reset)
            return alc

        yield make


@pytest.fixture
def alc_responses(mock_alc_settings: dict[str, Any]) -> Iterator["Alc"]:
    """Return an ALC in this process, which answers requests to https://api.acmeleadchecker.ai without a socket."""
    from mock_alc.testing.alc import Alc
    from mock_alc.testing.in_process import answer_in_process

    own = {name: value for name, value in mock_alc_settings.items() if name not in ("port", "host")}
    with answer_in_process(**{"decide_after": DEFAULTS["decide_after"], **own}) as app:
        alc = Alc(app)
        yield alc
        alc.reset()
