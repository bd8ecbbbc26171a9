"""The pytest fixtures `mock_alc`, `mock_alc_factory` and `alc_responses`; a test that fails shows what they saw.

pytest imports this module in every test run of an environment that has mock_alc, so slow imports are inside the
functions.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_alc.double.driver import Driver
    from mock_alc.testing.alc import Alc

DEFAULTS = {"port": 0, "database_url": "sqlite://", "control": True, "decide_after": 600}
"""With `decide_after` 600, leads stay undecided until a test calls `decide` or `wait_until_idle`."""
MOCKS = pytest.StashKey[list["Driver"]]()
"""The mocks that a test uses, in the stash of its item."""
FOLDER = pytest.StashKey[Callable[[], Path]]()
"""Returns the folder for drawings, in the stash of the item."""
SECTION = "What went over the wire"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--mock-alc-wire`."""
    parser.getgroup("mock_alc").addoption(
        "--mock-alc-wire",
        metavar="DIR",
        help="Folder for the HTML drawings of failing tests. [default: pytest's temporary folder, which keeps the "
        "last three runs]",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what went over the wire to the report of a test that failed, while its mocks are still there."""
    report = yield
    if report.failed and report.when != "teardown" and item.stash.get(MOCKS, None):
        report.sections.append((SECTION, _draw(item, call)))
    return report


def _draw(item: pytest.Item, call: pytest.CallInfo[None]) -> str:
    """Return the text for a failing test: its failure's own drawing, such as a storm's, or one of each mock.

    An error in here must not hide the test's own failure.
    """
    mocks, folder = item.stash[MOCKS], item.stash[FOLDER]
    try:
        from mock_alc.testing.wire.failing_test import draw, show

        own = getattr(call.excinfo and call.excinfo.value, "drawing", None)
        return show(own, item.nodeid, folder()) if own else draw(item.nodeid, mocks, folder)
    except Exception as problem:
        return f"The requests could not be drawn: {problem!r}"


@pytest.fixture
def _drawn_mocks(request: pytest.FixtureRequest) -> list["Driver"]:
    """Return the list of the mocks that are drawn if this test fails; a fixture adds its own to it."""
    asked = request.config.getoption("--mock-alc-wire")
    mocks: list[Driver] = []
    request.node.stash[MOCKS] = mocks
    request.node.stash[FOLDER] = lambda: (
        Path(asked) if asked else request.getfixturevalue("tmp_path_factory").getbasetemp() / "wire"
    )
    return mocks


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
def mock_alc(_mock_alc_server: "Alc", _drawn_mocks: list["Driver"]) -> Iterator["Alc"]:
    """Return a running ALC without data, with methods such as `decide`, `fail_next` and `deliveries`."""
    _mock_alc_server.reset()
    _drawn_mocks.append(_mock_alc_server)
    yield _mock_alc_server
    _mock_alc_server.reset()


@pytest.fixture
def mock_alc_factory(_drawn_mocks: list["Driver"]) -> Iterator[Callable[..., "Alc"]]:
    """Return a function that runs further ALCs with other settings: `mock_alc_factory(retry_schedule=(0, 5))`."""
    from mock_alc.config import Config
    from mock_alc.server import MockAlc
    from mock_alc.testing.alc import Alc

    with ExitStack() as running:

        def make(**settings: Any) -> Alc:
            alc = Alc(running.enter_context(MockAlc(Config(**{**DEFAULTS, **settings}))).app)
            running.callback(alc.reset)
            _drawn_mocks.append(alc)
            return alc

        yield make


@pytest.fixture
def alc_responses(mock_alc_settings: dict[str, Any], _drawn_mocks: list["Driver"]) -> Iterator["Alc"]:
    """Return an ALC in this process, which answers requests to https://api.acmeleadchecker.ai without a socket."""
    from mock_alc.testing.alc import Alc
    from mock_alc.testing.in_process import answer_in_process

    own = {name: value for name, value in mock_alc_settings.items() if name not in ("port", "host")}
    with answer_in_process(**{"decide_after": DEFAULTS["decide_after"], **own}) as app:
        alc = Alc(app)
        _drawn_mocks.append(alc)
        yield alc
        alc.reset()
