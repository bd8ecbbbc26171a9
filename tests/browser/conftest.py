"""A browser, the pages on a threaded server, and a console that must stay empty."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.fakes.pages_app import create_pages_app
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace


class Handler(WSGIRequestHandler):
    """Keep connections open, because a browser has six for each host, and log no requests."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture(scope="session")
def everything() -> tuple[FakeWorkspace, Stage]:
    return FakeWorkspace(), Stage()


@pytest.fixture(scope="session")
def base_url(everything: tuple[FakeWorkspace, Stage]) -> Iterator[str]:
    """The origin of the pages, served with a thread for each request."""
    server = make_server("127.0.0.1", 0, create_pages_app(*everything), threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def workspace(everything: tuple[FakeWorkspace, Stage]) -> FakeWorkspace:
    """The fake workspace behind the pages, reset."""
    everything[0].reset()
    return everything[0]


@pytest.fixture
def stage(everything: tuple[FakeWorkspace, Stage]) -> Stage:
    """The scripted record actions, reset."""
    everything[1].reset()
    return everything[1]


@pytest.fixture(autouse=True)
def console(context: BrowserContext, workspace: FakeWorkspace, stage: Stage) -> Iterator[list[str]]:
    """CSP violations, errors and warnings on the console. A test removes those that it causes; the rest fails it."""
    written: list[str] = []
    context.on("console", lambda message: written.append(message.text))
    context.on("weberror", lambda error: written.append(str(error.error)))
    yield written
    assert not written


@pytest.fixture
def open_page(context: BrowserContext) -> Callable[[str], Page]:
    """A function that opens a path in a new tab, and waits until its scripts get events."""

    def open_(path: str) -> Page:
        page = context.new_page()
        page.goto(path)
        page.locator("#live[data-state=open]").wait_for(state="attached")
        return page

    return open_


@pytest.fixture
def browser_without_scripts(browser: Browser, base_url: str) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False, base_url=base_url)
    yield context.new_page()
    context.close()
