"""A browser, the pages on a threaded server, and a console that must stay empty."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.fakes.pages_app import create_pages_app
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace
from tests.support.waiting import PATIENCE


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


@pytest.fixture(scope="session")
def window(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """A window for all tests. Its first tab stays open, and with it the renderer: a warm one halves a page's cost."""
    context = browser.new_context(**browser_context_args)
    context.set_default_timeout(PATIENCE * 1000)
    context.new_page().goto("/no-such-page")  # of the same site, and without scripts
    yield context
    context.close()


@pytest.fixture
def context(window: BrowserContext) -> Iterator[BrowserContext]:
    """The window, which then forgets the test. It cannot forget `add_init_script` and `clock`."""
    yield window
    first, *tabs = window.pages
    for tab in tabs:
        tab.close()
    first.evaluate("localStorage.clear()")
    window.unroute_all()
    window.clear_cookies()
    window.clear_permissions()


@pytest.fixture(autouse=True)
def console(context: BrowserContext, workspace: FakeWorkspace, stage: Stage) -> Iterator[list[str]]:
    """CSP violations, errors and warnings on the console. A test removes those that it causes; the rest fails it."""
    written: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        written.append(message.text)

    def notice(error: WebError) -> None:
        written.append(str(error.error))

    context.on("console", hear)
    context.on("weberror", notice)
    yield written
    context.remove_listener("console", hear)
    context.remove_listener("weberror", notice)
    assert not written


@pytest.fixture
def open_page(context: BrowserContext) -> Callable[..., Page]:
    """A function that opens a path in a new tab, and waits until its scripts get events."""

    def open_(path: str, first_script: str = "") -> Page:
        page = context.new_page()
        page.add_init_script(first_script)
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
